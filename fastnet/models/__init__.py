"""What was trained: the network, the directory that it lies in, its card, calibration and exports."""

"""What `fastnet benchmark` and the page time: contests with rivals, the ceilings of a machine, the roofline."""

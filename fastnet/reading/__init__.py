"""From a picture to its digits: the pictures, what a model answers about them, and why."""

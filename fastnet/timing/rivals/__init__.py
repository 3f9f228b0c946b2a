"""The rivals, a script each, and how the driver talks with them."""

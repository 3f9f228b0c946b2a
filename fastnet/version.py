"""The version of fastnet, for the files that name it, which must not import what stands above them."""

__version__ = "0.1.0"

"""Processes beside the server, each for one job: they alone may load Numba and compute for long.

`beside` starts them and `snapshot` is what they tell; the other modules are imported inside the process.
"""

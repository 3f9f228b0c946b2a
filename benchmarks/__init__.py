"""Timings: fastnet beside its rivals, the kernels beside NumPy, and the figures of the documents.

`fastnet benchmark` runs the comparison; a script runs as `python -m benchmarks.NAME`, most by a target of
the Makefile. Those with `--write` write their figures into the documents of the checkout that they are run in.
"""

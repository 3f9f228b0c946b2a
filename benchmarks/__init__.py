"""Timings and studies, which stay in the checkout: nothing here is installed.

`bench_kernels` is the pytest-benchmark suite (`make bench`). `python -m benchmarks` lists the studies, which measure,
compare recipes, and make the tables and pictures of the documents; `--write` puts the figures there.
"""

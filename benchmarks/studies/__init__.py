"""The studies, a module each, run by `python -m benchmarks NAME`; `main(argv)` is where each begins."""

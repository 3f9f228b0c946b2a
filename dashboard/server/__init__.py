"""What all visitors of one server share, for as long as it runs. Any thread may ask: what changes is under a lock.

No widget, no kernel: nothing here imports `views`, `session`, or what loads Numba.
"""

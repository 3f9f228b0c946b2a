"""The process that times the versions of a step on this machine, and tells their seconds."""

from multiprocessing.connection import Connection

from threadpoolctl import threadpool_limits

from fastnet.timing.ladder import measure

N_ROUNDS, N_STEPS = 7, 64  # which takes a few seconds


def work(pipe: Connection) -> None:
    """Measure once; NumPy's products are on one thread, as in the document."""
    with threadpool_limits(1, user_api="blas"):
        pipe.send(measure(N_ROUNDS, N_STEPS))

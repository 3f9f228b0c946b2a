"""Whatever a process of fastnet starts ends with it, however it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

from .conftest import PATIENCE

POOL = """
from fastnet import Predictor
from fastnet.reading.batch import single_thread_processes

if __name__ == "__main__":
    with single_thread_processes(2, Predictor.load()) as pool:
        tell({pool.submit(os.getpid).result()})
        pool.submit(time.sleep, 600).result()
"""

BESIDE = """
from fastnet.dashboard.worker.beside import start_beside

def work(pipe):
    time.sleep(600)

if __name__ == "__main__":
    process, pipe = start_beside(work, niceness=0)
    tell({process.pid})
    time.sleep(600)
"""

RIVAL = """
from fastnet.timing.rivals.process import RivalProcess

if __name__ == "__main__":
    with RivalProcess("fastnet.timing.rivals.numpy_reference", {"threads": 1}) as rival:
        rival.ask("peak_memory")
        tell({rival._process.pid})
        rival.ask("epoch") if sys.argv[1:] else time.sleep(600)
"""

BENCHMARK = """
from fastnet.dashboard.server.benchmarks import Benchmarks
from fastnet.dashboard.server.places import Places

if __name__ == "__main__":
    benchmarks = Benchmarks(Places())
    benchmarks.start(benchmarks)
    while not benchmarks.status.step:
        time.sleep(0.05)
    tell({benchmarks._process.pid})
    time.sleep(600)
"""

HEAD = """
import os, sys, time

def tell(processes):
    print(*processes, flush=True)
"""


@pytest.fixture
def start(start_process, tmp_path):
    """Start a program, wait until it has told which processes it started, and return it with them."""

    def start(program, *args):
        path = tmp_path / "program.py"
        path.write_text(HEAD + program)
        process = start_process([sys.executable, str(path), *args], stdout=subprocess.PIPE, text=True)
        return process, [int(number) for number in process.stdout.readline().split()]

    return start


@pytest.mark.skipif(sys.platform == "win32", reason="looks at processes by ps")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize(
    "program",
    [[POOL], [BESIDE], [RIVAL], [RIVAL, "busy"], [BENCHMARK]],
    ids=["pool", "beside", "rival that waits", "rival that answers", "benchmark"],
)
def test_processes_end_with_the_one_that_started_them(start, program, name):
    process, others = start(*program)
    assert others
    assert all(map(is_running, others))
    process.send_signal(getattr(signal, name))
    process.wait()
    deadline = time.monotonic() + PATIENCE
    while any(map(is_running, others)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [other for other in others if is_running(other)]
    for other in left:
        os.kill(other, signal.SIGKILL)
    assert not left


def is_running(process: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(listed.strip()) and not listed.startswith("Z")  # a zombie waits for whoever takes it over

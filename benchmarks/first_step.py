"""Seconds of the first training step of a process, from its start: with an empty cache of compiled kernels, and later.

The process runs `one_step.py`, a file by itself, so that nothing else is imported in the time that counts.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastnet.timing.rivals.process import PYTHON, environment_of

ONE_STEP = Path(__file__).with_name("one_step.py")


def first_steps(n: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """The first training step with nothing compiled yet, and in `n` later processes."""
    progress("-- first step")
    with tempfile.TemporaryDirectory() as cache:
        cold = first_step(cache)
        progress(f"cold: {cold['total']:.2f} s")
        second = [first_step(cache) for _ in range(n)]
        progress(f"second process: {statistics.median(run['total'] for run in second):.2f} s")
    return {"cold": cold, "second": second}


def first_step(cache: str) -> dict[str, float]:
    """Seconds of each part of a process that takes one training step, with its compiled kernels in `cache`.

    `processor` are those of processors, `compilations` the functions that were compiled.
    """
    variables = environment_of({})
    variables.pop("NUMBA_CACHE_DIR", None)
    variables["XDG_CACHE_HOME"] = cache
    started = time.time()
    output = subprocess.run([*PYTHON, str(ONE_STEP)], env=variables, check=True, stdout=subprocess.PIPE).stdout
    moments = json.loads(output)
    return {
        "interpreter": moments["began"] - started,
        "import": moments["imported"] - moments["began"],
        "data": moments["loaded"] - moments["imported"],
        "step": moments["stepped"] - moments["loaded"],
        "total": moments["stepped"] - started,
        "processor": moments["processor"],
        "compilations": moments["compilations"],
    }

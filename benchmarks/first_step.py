"""The first training step of a process: when it was there, counted from the start of the process.

`first_steps` runs this file, with an empty cache of compiled kernels and then again. It prints one line of JSON, in the
seconds of the system's clock, from which the moment is subtracted at which the process was started.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

from fastnet.timing.rivals.process import PYTHON, environment_of


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
    """Seconds of each part of a process that takes one training step, with its compiled kernels in `cache`."""
    variables = environment_of({})
    variables.pop("NUMBA_CACHE_DIR", None)
    variables["XDG_CACHE_HOME"] = cache
    started = time.time()
    output = subprocess.run([*PYTHON, __file__], env=variables, check=True, stdout=subprocess.PIPE).stdout
    moments = json.loads(output)
    return {
        "interpreter": moments["began"] - started,
        "import": moments["imported"] - moments["began"],
        "data": moments["loaded"] - moments["imported"],
        "step": moments["stepped"] - moments["loaded"],
        "total": moments["stepped"] - started,
    }


def main() -> None:
    """Import, load the data, take one step."""
    began = time.time()
    from fastnet import Recipe, Training, load_dataset

    imported = time.time()
    dataset = load_dataset()
    loaded = time.time()
    recipe = Recipe(hidden=(512,), learning_rate=1e-3, schedule="constant", warmup_epochs=0, weight_decay=0.0)
    training = Training(dataset, recipe)

    def stop(loss: float) -> None:
        training.stop_requested = True

    training.run(on_step=stop)
    print(json.dumps({"began": began, "imported": imported, "loaded": loaded, "stepped": time.time()}))


if __name__ == "__main__":
    main()

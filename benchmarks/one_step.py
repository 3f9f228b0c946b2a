"""The first training step of a process: when it was there, counted from the start of the process.

The driver runs it with an empty cache of compiled kernels and then again. Prints one line of JSON: moments in
the seconds of the system's clock, from which the driver subtracts the one at which it started the process, then the
processor time that this one and those that helped it took, and how many functions it compiled or waited for.
"""

import json
import os
import time


def main() -> None:
    """Import, load the data, take one step."""
    began = time.time()
    from fastnet import Recipe, Training, load_dataset
    from fastnet.kernels import compilation

    imported = time.time()
    dataset = load_dataset()
    loaded = time.time()
    recipe = Recipe(hidden=(512,), learning_rate=1e-3, schedule="constant", warmup_epochs=0, weight_decay=0.0)
    training = Training(dataset, recipe)

    def stop(loss: float) -> None:
        training.stop_requested = True

    compiled: list[bool] = []
    with compilation.listening(compiled.append):
        training.run(on_step=stop)
    moments = {"began": began, "imported": imported, "loaded": loaded, "stepped": time.time()}
    times = os.times()
    processor = times.user + times.system + times.children_user + times.children_system
    print(json.dumps({**moments, "processor": processor, "compilations": compiled.count(True)}))


if __name__ == "__main__":
    main()

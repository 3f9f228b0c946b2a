"""How the learning rate changes from the first step to the last, and the strength of distortions in the last passes."""

import math

SCHEDULES = ("constant", "linear", "cosine")


def learning_rate_at(step: int, n_steps: int, peak: float, schedule: str, n_warmup_steps: int) -> float:
    """The learning rate of step `step` (from 0) of `n_steps`.

    It rises linearly to `peak` over the first `n_warmup_steps`, then stays there ("constant"), or falls towards 0 at
    `n_steps` along a line ("linear") or half a cosine (Loshchilov & Hutter 2017, equation 5, without restarts).
    """
    if step < n_warmup_steps:
        return peak * (step + 1) / n_warmup_steps
    done = (step - n_warmup_steps) / max(1, n_steps - n_warmup_steps)
    if schedule == "constant":
        return peak
    if schedule == "linear":
        return peak * (1 - done)
    return peak * (1 + math.cos(math.pi * done)) / 2


def strength_of_pass(number: int, n_passes: int, falling: float, last: float) -> float:
    """The share of the distortions' strength that is left in pass `number` (from 0) of `n_passes`.

    It is 1, and over the last share `falling` of the passes falls along a line to `last` in the last of them.
    """
    n_after, n_falling = n_passes - 1 - number, falling * n_passes
    return 1.0 if n_after >= n_falling else last + (1 - last) * n_after / n_falling

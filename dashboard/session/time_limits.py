"""What people are told of the time that a training may take: before it begins, when little is left, and at its end."""

from ..server.quotas import Quotas
from ..worker.snapshot import ENDED, Snapshot

SECONDS_OF_WARNING = 300  # before the end


def terms(quotas: Quotas) -> str:
    """What holds for each training here."""
    most, pause = _minutes(quotas.training_minutes), _minutes(quotas.pause_minutes)
    return (
        f"A training may take {most}, and goes on by itself after {pause} of pause: others wait for its place. What it"
        " has learned by then is kept, and can be saved."
    )


def remark(snapshot: Snapshot, now: float, quotas: Quotas) -> str:
    """What is to be said of this training's time at that monotonic time; nothing while there is enough of it."""
    most = _minutes(quotas.training_minutes)
    if snapshot.is_out_of_time:
        if snapshot.state not in ENDED:
            return f"Its time of {most} is over; it is being weighed on the test digits and kept."
        kept = "; what it has learned is kept, and can be saved" if snapshot.can_be_saved else ""
        return f"It was ended here, as a training may take {most}{kept}."
    if not snapshot.is_active or snapshot.ends is None:
        return ""
    told = []
    if snapshot.goes_on is not None:
        told.append(f"It goes on by itself in {clock(snapshot.goes_on - now)}.")
    if snapshot.ends - now < SECONDS_OF_WARNING:
        told.append(f"It is ended in {clock(snapshot.ends - now)}, as a training may take {most}; it is kept then.")
    return " ".join(told)


def clock(seconds: float) -> str:
    """A time as people say it."""
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def _minutes(n: float) -> str:
    return f"{n:g} minute{'s' * (n != 1)}"

"""What tells two trainings apart that differ in their engine alone."""

from dataclasses import replace

from ..worker.snapshot import Snapshot


def difference(run: Snapshot, other: Snapshot, name: str) -> str:
    """A sentence on speed and losses of the same training on two engines; empty for any other pair."""
    if not (run.recipe and other.recipe and run.epochs and other.epochs):
        return ""
    if run.recipe.engine == other.recipe.engine or run.recipe != replace(other.recipe, engine=run.recipe.engine):
        return ""
    faster = run.samples_per_second / other.samples_per_second
    pace = f"{faster:.1f} times as fast as" if faster >= 1 else f"{1 / faster:.1f} times slower than"
    pairs = list(zip(run.epochs, other.epochs, strict=False))
    most = max(abs(mine.train_loss - its.train_loss) for mine, its in pairs)
    epochs = "the first epoch" if len(pairs) == 1 else f"the first {len(pairs)} epochs"
    return f"{pace[0].upper()}{pace[1:]} {name}; the training loss differs by at most {most:.1g} over {epochs}."

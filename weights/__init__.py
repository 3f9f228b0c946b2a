"""Trained models that come with fastnet, one directory each: `.npy` arrays, a manifest and the training's history."""

from pathlib import Path

DIRECTORY = Path(__file__).parent
DEFAULT = "mnist-people-large"  # what reads where no other is named
SMALL = "mnist-784-512-10-people"  # what the page begins with: a browser is sent all of it, to show it at work


def names() -> list[str]:
    """The names of the models that are here; not of one that is being written, or was when its writer was killed."""
    return sorted(manifest.parent.name for manifest in DIRECTORY.glob("[!.]*/manifest.json"))

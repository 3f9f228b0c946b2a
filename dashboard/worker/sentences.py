"""What visitors are told of an error: the names of models and data, not where they lie, which the log alone tells."""

import sys
from collections.abc import Mapping
from pathlib import Path

from fastnet.errors import sentence_of
from fastnet.packages import interpreter


def for_visitors(error: BaseException, names: Mapping[str, str]) -> str:
    """One of `FORESEEN` in a sentence; `names` has what stands there for each folder of the server.

    Where its Python lies is not told, either, as hints to install a package do.
    """
    whole = sentence = sentence_of(error)
    nameless = {f"{interpreter()} -m": f"{Path(sys.executable).name} -m"}
    for folder, name in {**nameless, **names}.items():
        sentence = sentence.replace(folder, name)
    if sentence != whole:
        print(whole, file=sys.stderr, flush=True)
    return sentence

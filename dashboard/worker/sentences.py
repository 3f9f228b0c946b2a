"""What visitors are told of an error: the names of models and data, not where they lie, which the log alone tells."""

import sys
from collections.abc import Mapping

from fastnet.errors import sentence_of


def for_visitors(error: BaseException, names: Mapping[str, str]) -> str:
    """One of `FORESEEN` in a sentence; `names` has what stands there for each folder of the server."""
    whole = sentence = sentence_of(error)
    for folder, name in names.items():
        sentence = sentence.replace(folder, name)
    if sentence != whole:
        print(whole, file=sys.stderr, flush=True)
    return sentence

"""The notebooks in docs/ run from top to bottom, come to what they tell, and show what they are kept with."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies.notebooks import outputs_of
from fastnet import load_audit

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs/notebooks").glob("*.ipynb"))
AFTER = {
    "scikit-learn": "assert accuracy > 0.95 and search.best_score_ > 0.9 and linear_r2 < 0.8 < 0.9 < r2",
    "train-look-audit": "assert accuracy > 0.95 and len(surest) == 8",
    "write-your-own-kernel": (
        "assert report.agrees and not verify(forgetful, textbook, CASES[:3]).agrees\n"
        "assert accuracy > 0.95 and 'kernel' in comparison.timings[0].seconds"
    ),
}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_is_kept_with_but_for_figures(notebook, tmp_path):
    """`make notebooks` keeps anew what they show."""
    document = json.loads(notebook.read_text(encoding="utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    kept = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    shown = outputs_of(document, tmp_path, AFTER[notebook.stem])
    for cell, outputs in zip(kept, shown, strict=True):
        is_measured = "measured" in cell["metadata"].get("tags", ())  # times, machine, and which rivals are installed
        assert words(outputs, is_measured) == words(cell["outputs"], is_measured)


def words(outputs, is_measured):
    """What outputs are, with numbers and spaces left out; of those that are measured, the kinds alone."""
    told = []
    for output in outputs:
        text = "".join(output.get("text", output.get("data", {}).get("text/plain", [])))
        told.append((output["output_type"], [] if is_measured else NUMBER.sub("#", text).split()))
    return told


def test_the_audit_that_is_shown_is_that_of_the_model_that_comes_along():
    notebook = json.loads((NOTEBOOKS[0].parent / "train-look-audit.ipynb").read_text(encoding="utf-8"))
    (kept,) = [cell["outputs"] for cell in notebook["cells"] if cell["source"][-1:] == ["print(confusion)"]]
    confusion = load_audit("mnist-784-512-10-best").figures.classes.confusion
    assert "".join(kept[0]["text"]) == f"{np.array(confusion)}\n"

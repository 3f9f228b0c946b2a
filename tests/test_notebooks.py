"""The notebooks in docs/ run from top to bottom, as they stand, and come to what they tell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs/notebooks").glob("*.ipynb"))
RUN = """
import json, sys
names = {}
for number, source in enumerate(json.load(sys.stdin), start=1):
    exec(compile(source, f"cell {number}", "exec"), names)
"""
AFTER = {
    "scikit-learn": "assert accuracy > 0.95 and search.best_score_ > 0.9 and r2 > 0.2",
    "train-look-audit": "assert accuracy > 0.95 and len(surest) == 8",
    "write-your-own-kernel": (
        "assert report.agrees and not verify(forgetful, textbook, CASES).agrees\n"
        "assert accuracy > 0.85 and 'kernel' in comparison.timings[0].seconds"
    ),
}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(notebook, tmp_path):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUN],
        cwd=tmp_path,
        input=json.dumps([*sources, AFTER[notebook.stem]]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(notebook):
    document = json.loads(notebook.read_text(encoding="utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in document["cells"])

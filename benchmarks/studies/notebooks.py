"""Run the notebooks in docs/ from top to bottom, and keep what their cells show (`make notebooks`).

Each runs in a process and a directory of its own. The site shows what is kept; tests/test_notebooks.py runs them by the
same code and holds it against what they show then.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.publishing import study_parser

NOTEBOOKS = Path("docs/notebooks")

# In the process of a notebook: a cell's printed text, then its pictures and the value of its last line, as in Jupyter.
RUN = """
import ast, base64, contextlib, io, json, sys

def run(source, title, names):
    tree, last, value = ast.parse(source), None, None
    if isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(compile(tree, title, "exec"), names)
        if last is not None:
            value = eval(compile(last, title, "eval"), names)
    if told.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": told.getvalue().splitlines(keepends=True)}
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot
        for number in pyplot.get_fignums():
            file = io.BytesIO()
            pyplot.figure(number).savefig(file, format="png", dpi=80)
            yield shown({"image/png": picture(file.getvalue())})
        pyplot.close("all")
    if value is not None:
        png = value._repr_png_() if hasattr(value, "_repr_png_") else None
        yield shown({"image/png": picture(png)} if png else {"text/plain": repr(value).splitlines(keepends=True)})

def picture(png):
    return base64.b64encode(png).decode()

def shown(data):
    return {"data": data, "metadata": {}, "output_type": "display_data"}

names = {}
cells = json.load(sys.stdin)
outputs = [list(run(source, f"cell {number}", names)) for number, source in enumerate(cells, start=1)]
json.dump(outputs, sys.stdout)
"""


def outputs_of(notebook: dict[str, Any], directory: Path, after: str = "None") -> list[list[dict[str, Any]]]:
    """What each code cell shows; `after` is run behind the last. RuntimeError with what a cell raised."""
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    command = [sys.executable, "-P", "-c", RUN]
    cells = json.dumps([*sources, after])
    done = subprocess.run(command, cwd=directory, input=cells, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    outputs: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return outputs[:-1]


def main(argv: list[str]) -> None:
    """Run all of them."""
    args = study_parser(__doc__, NOTEBOOKS).parse_args(argv)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as directory:
            outputs = outputs_of(notebook, Path(directory))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for cell, shown in zip(code, outputs, strict=True):
            cell["outputs"] = shown
        print(f"{path.name}: {sum(map(len, outputs))} outputs of {len(code)} cells")
        if args.write:
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

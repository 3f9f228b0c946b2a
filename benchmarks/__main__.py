"""The door of the studies: `python -m benchmarks NAME [--write] ...`, at the top of a checkout.

Without a name, or with --help, it lists them. Each is a module in `studies/` with a `main(argv)`, and its docstring
opens with what it is for.
"""

import ast
import importlib
import os
import re
import sys
from pathlib import Path

from fastnet.errors import did_you_mean

STUDIES = Path(__file__).with_name("studies")


def names() -> list[str]:
    """The names of all studies, as people type them."""
    return sorted(path.stem.replace("_", "-") for path in STUDIES.glob("[a-z]*.py"))


def summary(name: str) -> str:
    """The first line of a study's docstring. The study is not imported."""
    source = (STUDIES / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return re.sub(r" \(`make [^)]*\)", "", line)


def main(argv: list[str]) -> int:
    """Run a study, or list them all; the exit code."""
    if not argv or argv[0] in ("-h", "--help"):
        print("python -m benchmarks NAME [--write] ...; each has --help\n")
        print("\n".join(f"  {name:18} {summary(name)}" for name in names()))
        return 0
    name, *rest = argv
    if name not in names():
        near = did_you_mean(name, names())
        print(f"there is no study {name!r}; python -m benchmarks lists them{near}", file=sys.stderr)
        return 2
    sys.argv[0] = f"python -m benchmarks {name}"  # what argparse calls it
    return importlib.import_module(f"benchmarks.studies.{name.replace('-', '_')}").main(rest) or 0


if __name__ == "__main__":
    sys.path.append(sys.path.pop(0))  # the checkout comes last: what is installed is measured
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still writes at its end
        code = 1
    sys.exit(code)

"""What the studies share: their options, and how what they measured is printed and written into the documents.

Speeds are those of a CPU: their tables stand in a document once for each microarchitecture, between marks of its own
such as `ladder-zen5` and `ladder-emeraldrapids`, so that no machine overwrites another's.
"""

import argparse
import re
from pathlib import Path
from typing import Any

from fastnet.system import MICROARCHITECTURES, environment
from fastnet.timing.texts import busy_text


def study_parser(description: str | None, document: Path | None = None) -> argparse.ArgumentParser:
    """The options that studies share: `--write`, with the document as its value, where there is one."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if document:
        parser.add_argument(
            "--write", action="store_const", const=document, help=f"write what was measured into {document}"
        )
    return parser


def publish(tables: dict[str, str], document: Path | None) -> None:
    """Print tables; where there is a document, write each between the marks of its name there."""
    print("\n\n".join(tables.values()), flush=True)
    if document:
        for name, table in tables.items():
            write_between_marks(document, name, table)


def of_cpu(name: str, cpu: str) -> str:
    """A name, in marks and files, for what was measured on such a CPU: `ladder` becomes `ladder-zen5`.

    The microarchitecture is the one that `fastnet.system` puts behind a CPU's name; others are `ladder-other`.
    """
    known = (each for each in MICROARCHITECTURES.values() if cpu.endswith(f"({each})"))
    return f"{name}-{re.sub(r'[ -]', '', next(known, 'other')).lower()}"


def of_this_cpu(name: str) -> str:
    """A name for what was measured on a CPU like this machine's."""
    return of_cpu(name, environment()["cpu"])


def tables_by_cpu(document: Path, name: str) -> dict[str, str]:
    """What stands in a document between the marks of that name for each CPU, in their order, empty ones left out."""
    marks = rf"<!-- {name}-(\w+) -->\n(.*?)\n?<!-- end {name}-\1 -->"
    return {cpu: table for cpu, table in re.findall(marks, document.read_text(encoding="utf-8"), re.DOTALL) if table}


def between_marks(document: Path, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- end name -->` in a document; empty if there are no such marks."""
    found = re.search(f"<!-- {name} -->\n(.*?)\n?<!-- end {name} -->", document.read_text(encoding="utf-8"), re.DOTALL)
    return found[1] if found else ""


def write_between_marks(document: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end name -->` in a document."""
    if not document.is_file():
        raise SystemExit(f"{document} is not here: run this at the top of a checkout")
    start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(end)
    if not after:
        raise SystemExit(f"{document} lacks the marks {start.strip()} and {end}")
    document.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


def machine_text(load: float | None) -> str:
    """The machine below a table, and whether it was busy."""
    machine = environment()
    text = f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['lanes']} float32 lanes; Numba {machine['numba']}."
    return f"{text} {busy_text(load)}".strip()


def label_logarithms(axis: Any) -> None:
    """Plain numbers at 1, 2, 5, 10, ... of a logarithmic axis of Matplotlib's."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())

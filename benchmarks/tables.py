"""Tables in Markdown from the benchmarks' JSON, printed or written between the marks of a document."""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any


def kernels_table(benchmarks: dict[str, Any]) -> str:
    """The median time of each kernel on both engines, and their ratio."""
    medians: dict[str, dict[str, float]] = defaultdict(dict)
    for benchmark in benchmarks["benchmarks"]:
        medians[benchmark["group"]][benchmark["extra_info"]["engine"]] = benchmark["stats"]["median"]
    lines = ["| kernel | sizes | Numba | NumPy | ratio |", "|---|---|--:|--:|--:|"]
    for group, by_engine in medians.items():
        kernel, sizes = group.split("-")
        fast, slow = by_engine["numba"], by_engine["reference"]
        lines.append(f"| `{kernel}` | {sizes} | {fast * 1e6:.1f} us | {slow * 1e6:.1f} us | {slow / fast:.1f}x |")
    return "\n".join(lines)


def write_between_marks(document: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end name -->` in a document."""
    start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(end)
    if not after:
        raise SystemExit(f"{document} lacks the marks {start.strip()} and {end}")
    document.write_text(f"{before}{start}{text}\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Print the table of a benchmark file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["kernels"])
    parser.add_argument("json", type=Path)
    args = parser.parse_args()
    print(kernels_table(json.loads(args.json.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()

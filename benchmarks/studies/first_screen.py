"""Write the number and the table of the README's first screen, from the documents' tables (`make first-screen`).

Nothing is measured here: accuracies are those that `make records` wrote into docs/recipe.md, times those that
`make bench-peers` and `tables epochs` wrote into docs/speed.md on each CPU, with the machine that they name.
"""

import re
from pathlib import Path

from benchmarks.publishing import between_marks, publish, study_parser, tables_by_cpu

README, ACCURACIES, TIMES = Path("README.md"), Path("docs") / "recipe.md", Path("docs") / "speed.md"
RECIPE = "fast"
MACHINE = re.compile(
    r"Measured (?P<day>\S+) \(.*?(?P<rounds>\d+) interleaved rounds\) on (?P<cpus>.*? CPUs), (?P<name>[^,]+),"
)


def number(records: str) -> str:
    """The sentence with the accuracy, from the table of records."""
    row = next(cells for cells in rows(records) if cells[0] == f"`{RECIPE}`")
    _, network, _, _, accuracy, seeds, _, seconds, machine = row
    return (
        f"Reads {accuracy} of MNIST's test digits right, after {seconds} of training on {machine}:"
        f' `make train ARGS="--recipe {RECIPE}"`; {network}, {seeds} seeds.'
    )


def speed_table(tables: list[str]) -> str:
    """Seconds an epoch, with how many times fastnet's that is, of each rival that was measured on every CPU."""
    columns = [{name: (seconds, ratio) for name, seconds, ratio in rows(table)} for table in tables]
    machines = [machine for table in tables if (machine := MACHINE.search(table))]
    rivals = [name for name in columns[0] if all(column.get(name, ("", ""))[1] for column in columns)]
    ours = [f"**{column['fastnet'][0]}**" for column in columns]
    lines = [
        f"| an epoch of MNIST | {' | '.join(plain(machine['name']) for machine in machines)} |",
        f"|---|{'--:|' * len(columns)}",
        f"| **fastnet** | {' | '.join(ours)} |",
    ]
    for rival in rivals:
        figures = [column[rival] for column in columns]
        lines.append(f"| {rival} | {' | '.join(f'{seconds} ({ratio})' for seconds, ratio in figures)} |")
    measured = "; ".join(f"{plain(m['name'])}: {m['cpus']}, {m['rounds']} rounds, {m['day']}" for m in machines)
    return "\n".join([*lines, "", f"784-512-10, batch 64, Adam; medians of rounds in turn. {measured}."])


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[text.strip() for text in line.strip("|").split("|")] for line in lines[2:]]


def plain(cpu: str) -> str:
    """The name of a CPU without signs of trademarks."""
    return re.sub(r"\((R|TM)\)| Processor\b", "", cpu)


def first_screen() -> dict[str, str]:
    """What stands between which marks of the README."""
    speeds = speed_table(list(tables_by_cpu(TIMES, "epochs").values()))
    return {"accuracy": number(between_marks(ACCURACIES, "records")), "speed": speeds}


def main(argv: list[str]) -> None:
    """Print it, or write it into the README."""
    publish(first_screen(), study_parser(__doc__, README).parse_args(argv).write)

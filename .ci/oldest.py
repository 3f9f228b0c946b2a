"""Print the oldest release of each dependency that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from itertools import chain
from pathlib import Path

BOUND = re.compile(r"([\w.-]+)>=([\w.]+)[^;]*(;.*)?")


def oldest(project: dict) -> list[str]:
    """A line for each requirement with a lower bound, whatever extra it belongs to."""
    requirements = chain(project["dependencies"], *project["optional-dependencies"].values())
    bounds = filter(None, map(BOUND.fullmatch, requirements))
    return sorted({f"{bound[1]}=={bound[2]}{bound[3] or ''}" for bound in bounds})


if __name__ == "__main__":
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    print("\n".join(oldest(tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"])))

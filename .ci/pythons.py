"""Run a part of the suite on the oldest and the newest Python of this machine, and with the oldest dependencies.

Pythons are those on the PATH and pyenv's. What is given to it are variables for make.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NAME = re.compile(r"python3(\.\d+)?")
TELL = "import sys, venv, ensurepip; print(*sys.version_info[:3])"


def version_of(python: Path) -> tuple[int, ...] | None:
    """Its version; None for one that does not start or makes no environments."""
    try:
        done = subprocess.run([python, "-c", TELL], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else None


def pythons() -> dict[tuple[int, ...], Path]:
    """The newest release of each 3.x from 3.11 on, old to new."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *pyenv.glob("versions/*/bin")]
    paths = [path for folder in folders if folder.is_dir() for path in folder.iterdir() if NAME.fullmatch(path.name)]
    releases = {
        version: path
        for path in (*paths, Path(sys.executable))
        if (version := version_of(path)) and version[:2] >= OLDEST
    }
    return {version[:2]: releases[version] for version in sorted(releases)}


def main(variables: list[str]) -> int:
    """Run them all; 1 if any fails."""
    found = pythons()
    tested = sys.version_info[:2]  # the whole suite ran on it
    listed = ", ".join(".".join(map(str, version)) for version in found)
    print(f"Pythons found: {listed}", flush=True)
    if found.keys() <= {tested}:
        print("skipped: no other Python than the one of the whole suite was found", flush=True)
    oldest, newest = min(found), max(found)
    runs = [("short", version) for version in sorted({oldest, newest} - {tested})] + [("oldest", oldest)]
    failed = []
    for target, version in runs:
        name = f"{target}-python{version[0]}.{version[1]}"
        make = ["make", target, f"PYTHON={found[version]}", f"VENV=build/{name}-venv", *variables]
        print(f"==== {name}", flush=True)
        if subprocess.run(make, check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

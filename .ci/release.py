"""Make a release (`make release VERSION=0.2.0`): date the changes, set the version, commit, tag. Nothing is pushed.

Run on a clean main at the top of a checkout, whose checks have passed. Pushing the tag publishes it:
`.github/workflows/release.yml` builds, checks and uploads.
"""

import datetime
import re
import subprocess
import sys
from pathlib import Path

UNRELEASED = "## Unreleased\n"
FILES = {  # what stands in each for the version; the rest of it stays
    "fastnet/version.py": r'(?<=__version__ = ")[^"]+',
    "CITATION.cff": r"(?<=^version: ).+",
}


def released(changes: str, version: str, day: datetime.date) -> str:
    """The change log with its unreleased changes under the version and its day."""
    before, found, after = changes.partition(UNRELEASED)
    if not found or re.match(r"\s*(## |$)", after):
        raise SystemExit("CHANGELOG.md has nothing unreleased")
    if f"\n## {version} - " in changes:
        raise SystemExit(f"CHANGELOG.md has {version} already")
    return f"{before}{UNRELEASED}\n## {version} - {day}\n{after}"


def write_release(root: Path, version: str, day: datetime.date) -> None:
    """Write the version and its day into the files of a checkout."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise SystemExit(f"a version is like 0.2.0 or 0.2.0rc1, not {version!r}")
    changes = root / "CHANGELOG.md"
    dated = released(changes.read_text(encoding="utf-8"), version, day)
    for name, pattern in FILES.items():
        text = (root / name).read_text(encoding="utf-8")
        text = re.sub(pattern, version, text, flags=re.MULTILINE)
        if name == "CITATION.cff":
            text = re.sub(r"^date-released: .*\n", "", text, flags=re.MULTILINE).rstrip() + f"\ndate-released: {day}\n"
        (root / name).write_text(text, encoding="utf-8")
    changes.write_text(dated, encoding="utf-8")


def git(*arguments: str) -> str:
    """What git prints; its error ends this."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def main(version: str) -> None:
    """Release it."""
    if git("status", "--porcelain"):
        raise SystemExit("there are changes that are not committed")
    if git("branch", "--show-current") != "main":
        raise SystemExit("a release is made of main")
    write_release(Path(), version, datetime.date.today())
    git("commit", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", f"v{version}", "--message", f"fastnet {version}")
    print(f"v{version} is tagged here; this publishes it: git push origin main v{version}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit("usage: make release VERSION=0.2.0")
    main(sys.argv[1])

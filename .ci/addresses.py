"""Write into a checkout that is about to be packaged where its repository is: `python .ci/addresses.py ADDRESS TAG`.

The sources name no host, so that a fork or a mirror need not change them. What is published does: the package index
shows the addresses in pyproject.toml, and README's links and pictures, which there are relative to nothing.
"""

import re
import sys
from pathlib import Path

RELATIVE = re.compile(r"(!?)(\[[^\]]*\])\((?!https?:|#)([^)\s]+)\)")


def with_addresses(readme: str, repository: str, tag: str) -> str:
    """A README whose relative links lead to the files of that tag."""
    return RELATIVE.sub(
        lambda link: f"{link[1]}{link[2]}({repository}/{'raw' if link[1] else 'blob'}/{tag}/{link[3]})", readme
    )


def with_urls(pyproject: str, repository: str, tag: str) -> str:
    """A pyproject.toml that says where the project is."""
    urls = {
        "Source": repository,
        "Issues": f"{repository}/issues",
        "Changes": f"{repository}/blob/{tag}/CHANGELOG.md",
        "Documentation": f"{repository}/blob/{tag}/docs/index.md",
    }
    table = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    return pyproject.replace("[project.scripts]", f"[project.urls]\n{table}\n[project.scripts]", 1)


def main(repository: str, tag: str) -> None:
    """Write both files."""
    for name, change in (("README.md", with_addresses), ("pyproject.toml", with_urls)):
        path = Path(name)
        path.write_text(change(path.read_text(encoding="utf-8"), repository.rstrip("/"), tag), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A release: what it writes into a checkout, what it refuses, and the addresses that packages get."""

import datetime
import re
import runpy
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

import fastnet

ROOT = Path(__file__).parents[1]
DAY = datetime.date(2030, 1, 2)
RELEASE = runpy.run_path(str(ROOT / ".ci/release.py"))
ADDRESSES = runpy.run_path(str(ROOT / ".ci/addresses.py"))
HERE = "https://example.org/somebody/fastnet"


@pytest.fixture
def checkout(tmp_path):
    for name in ("CHANGELOG.md", *RELEASE["FILES"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def citation(directory):
    return yaml.safe_load((directory / "CITATION.cff").read_text(encoding="utf-8"))


def test_a_citation_names_the_version():
    cited = citation(ROOT)
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= cited.keys()
    assert cited["version"] == fastnet.__version__


def test_a_release_sets_version_and_day_wherever_they_stand(checkout):
    changes = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    for version in ("0.2.0", "0.3.0rc1"):
        RELEASE["write_release"](checkout, version, DAY)
        assert f'__version__ = "{version}"' in (checkout / "fastnet/version.py").read_text(encoding="utf-8")
        assert (citation(checkout)["version"], citation(checkout)["date-released"]) == (version, DAY)
        dated = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
        assert f"## Unreleased\n\n## {version} - 2030-01-02\n\n- " in dated
        assert dated.replace(f"\n## {version} - 2030-01-02\n", "") == changes
        changes = dated.replace("## Unreleased\n", "## Unreleased\n\n- One more.\n")
        (checkout / "CHANGELOG.md").write_text(changes, encoding="utf-8")


@pytest.mark.parametrize("version", ["", "1", "v0.2.0", "0.2.0 ", "0.2.0-beta"])
def test_what_is_no_version_is_refused(checkout, version):
    with pytest.raises(SystemExit, match=r"a version is like 0\.2\.0"):
        RELEASE["write_release"](checkout, version, DAY)


def test_nothing_new_is_not_released(checkout):
    RELEASE["write_release"](checkout, "0.2.0", DAY)
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit, match="nothing unreleased"):
        RELEASE["write_release"](checkout, "0.3.0", DAY)
    with pytest.raises(SystemExit, match=r"has 0\.2\.0 already"):
        RELEASE["released"]("## Unreleased\n\n- A change.\n\n## 0.2.0 - 2030-01-02\n", "0.2.0", DAY)
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before


def test_packages_say_where_the_repository_is():
    readme = ADDRESSES["with_addresses"]((ROOT / "README.md").read_text(encoding="utf-8"), HERE, "v0.2.0")
    links = re.findall(r"\]\(([^)]*)\)", readme)
    assert f"{HERE}/raw/v0.2.0/docs/reading.webp" in links
    assert f"{HERE}/blob/v0.2.0/CHANGELOG.md" in links
    assert [link for link in links if not link.startswith("https://")] == []
    sources = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(ADDRESSES["with_urls"](sources, HERE, "v0.2.0"))["project"]
    assert set(project["urls"]) == {"Source", "Issues", "Changes", "Documentation"}
    assert project["scripts"] == tomllib.loads(sources)["project"]["scripts"]


def test_links_of_readme_lead_to_files():
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), f"{name}: {link}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.stem
)
def test_issue_templates_are_whole(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    assert all(part["id"] and part["attributes"]["label"] for part in questions)
    assert len({part["id"] for part in questions}) == len(questions)

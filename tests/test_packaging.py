"""What is installed: one import name, data, models and assets; nothing of the tests. What is published holds all."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import resources
from pathlib import Path

import pytest

import fastnet

ROOT = Path(__file__).parents[1]


BUILD = "import sys; from setuptools import build_meta; build_meta.build_sdist('..'); build_meta.build_wheel('..')"
NOT_COPIED = (".git", ".venv", ".*_cache", "__pycache__", "build", "dist", "runs", "models", "*.egg-info", "PKG-INFO")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Where a wheel and a source distribution are, beside the source that they were built of."""
    directory = tmp_path_factory.mktemp("built")
    source = directory / "source"  # a copy, so that nothing built before gets in and nothing built here stays
    source.mkdir()
    for path in (path for path in ROOT.iterdir() if not any(path.match(name) for name in NOT_COPIED)):
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    subprocess.run([sys.executable, "-c", BUILD], cwd=source, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def wheel_names(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    "part",
    [
        *(".ci", ".github", "benchmarks", "dashboard", "docs", "fastnet", "kernels", "tests"),
        *(
            "CHANGELOG.md",
            "CITATION.cff",
            "CONTRIBUTING.md",
            "Containerfile",
            "LICENSE",
            "Makefile",
            "NOTICE",
            "README.md",
            "SECURITY.md",
            "pyproject.toml",
        ),
    ],
)
def test_source_distribution_holds_all_of(built, part):
    """The suite, the checks and the studies can be run from it."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    source = built / "source"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    wanted = {name for name in files if name.split("/")[0] == part and not name.endswith(".pyc")}
    assert wanted
    assert wanted - names == set()


def test_wheel_weighs_what_contributing_says(built):
    (wheel,) = built.glob("*.whl")
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## What the wheel weighs\n\n")[2]
    assert wheel.stat().st_size / 1e6 == pytest.approx(float(told.split()[0]), abs=0.3)


def test_wheel_holds_one_import_name(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    assert tops == {"fastnet", f"fastnet_mlp-{fastnet.__version__}.dist-info"}


@pytest.mark.parametrize(
    "name",
    [
        "fastnet/py.typed",
        "fastnet/audit/report.css",
        "fastnet/models/one_file.css",
        "fastnet/models/page/page.html",
        "fastnet/reading/review_page/review.js",
        "fastnet/cli/train.py",
        "fastnet/timing/rivals/pytorch.py",
        "fastnet/web/examples.html",
        "fastnet/kernels/reference.py",
        "fastnet/kernels/products.py",
        "fastnet/dashboard/app.py",
        "fastnet/dashboard/assets/page.css",
        "fastnet/data/mnist/train-images-idx3-ubyte.gz",
        "fastnet/data/mnist/SHA256SUMS",
        "fastnet/weights/mnist-784-512-10/W1.npy",
        "fastnet/weights/mnist-784-512-10/manifest.json",
        "fastnet/weights/mnist-784-512-10-people/W1.npy",
        "fastnet/weights/mnist-784-512-10-people/MODEL_CARD.md",
        "fastnet/weights/mnist-784-512-10-people/audit/audit.json",
        "fastnet/weights/mnist-784-512-10-people/audit/images.png",
        "fastnet/weights/mnist-people-large/W4.npy",
        "fastnet/weights/mnist-people-large/audit/images.png",
        f"fastnet_mlp-{fastnet.__version__}.dist-info/licenses/LICENSE",
        f"fastnet_mlp-{fastnet.__version__}.dist-info/licenses/NOTICE",
    ],
)
def test_wheel_holds(wheel_names, name):
    assert name in wheel_names


def test_wheel_holds_every_source_file(wheel_names):
    sources = [path.relative_to(ROOT) for path in (ROOT / "fastnet").rglob("*.py")]
    for folder in ("kernels", "dashboard", "weights"):
        sources += [Path("fastnet") / path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py")]
    assert {str(path) for path in sources} == {name for name in wheel_names if name.endswith(".py")}


def test_wheel_holds_nothing_of_the_checkout(wheel_names):
    """No study, no fuzzer, no driver of a browser, no generator of pictures."""
    package = [Path(name) for name in wheel_names if name.startswith("fastnet/")]
    assert {path.parts[1] for path in package if len(path.parts) > 2} == {
        *(
            "audit",
            "cli",
            "dashboard",
            "data",
            "estimator",
            "kernels",
            "models",
            "reading",
            "timing",
            "training",
            "web",
            "weights",
            "workshop",
        )
    }
    checkout = {"bench_kernels.py", "browsing.py", "fuzz.py", "publishing.py", "rendering.py"}
    assert checkout <= {path.name for path in (ROOT / "benchmarks").rglob("*.py")}
    assert not checkout & {path.name for path in package}


def test_version_is_told():
    done = subprocess.run([sys.executable, "-m", "fastnet", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"fastnet {fastnet.__version__}"


def test_data_is_found_where_the_package_is():
    assert (resources.files("fastnet") / "data" / "mnist" / "SHA256SUMS").is_file()

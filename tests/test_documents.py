"""What README and docs show is run: Python blocks as they stand, on little data; commands are at least parsed.

The blocks of docs/scaling-out.md need a cluster and are run by test_distributed.py.
"""

import json
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from fastnet import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
RUN_ELSEWHERE = {"scaling-out.md"}
CHEAP = ("info", "inspect", "export", "predict", "runs")  # commands that are run, of what comes with fastnet
# Arguments that are paths: of a checkout, of the run that README's first command makes, or a reader's own, below "~/".
SAMPLES, MINE, OWN = "dashboard/assets/samples", "runs/mine", "~/"
WRITTEN = ("--out", "--explain", "--picture", "--plot")
NO_FILES = ("--prefix",)

RUN = """
import json, sys
names = {}
for title, source in json.load(sys.stdin):
    exec(compile(source, title, "exec"), names)
"""

# `load_dataset` without a path gives little of MNIST, so that what trains for minutes is done in seconds.
LITTLE = """
import fastnet
import numpy as np
whole = fastnet.load_dataset()
few = fastnet.Dataset(whole.train.take(np.arange(6000)), whole.test.take(np.arange(500)), "a little of MNIST")
load = fastnet.load_dataset
fastnet.load_dataset = lambda *source, **choices: load(*source, **choices) if source else few
images, labels = few.test.pixels.reshape(-1, 28, 28), few.test.labels
del np
"""

# What a document says that its reader has.
BEFORE = {
    "audit.md": (
        "import shutil\n"
        "from fastnet import weights\n"
        "shutil.copytree(weights.DIRECTORY / 'mnist-784-512-10', 'runs/mine')"
    ),
    "classifier.md": (
        "from sklearn.datasets import load_digits\n"
        "import numpy\n"
        "X, y = load_digits(return_X_y=True)\n"
        "X_val, y_val, X, y, classes = X[1500:], y[1500:], X[:1500], y[:1500], range(10)\n"
        "numpy.save('X.npy', X.astype('float32'))"
    ),
    "data.md": (
        "import numpy, pandas\n"
        "frame = pandas.DataFrame(few.train.images[:500]).add_prefix('pixel')\n"
        "frame['class'] = few.train.labels[:500].astype(str)\n"
        "frame.to_csv('train.csv', index=False)"
    ),
    "kernels.md": "from pathlib import Path",
    "streaming.md": (
        "import numpy\n"
        "numpy.save('images.npy', few.train.images[:2000])\n"
        "numpy.save('labels.npy', few.train.labels[:2000])"
    ),
}

# What its blocks are to end with.
AFTER = {
    "README.md": f"assert predictor.read('{SAMPLES}/18-digit-7.png').text == '7'\nassert training.finished",
    "api.md": (
        "import subprocess, sys\n"
        "command = [sys.executable, '-P', '-m', 'fastnet', 'serve', '--port', '0']\n"
        "with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:\n"
        "    line = next(line for line in server.stderr if 'http:' in line)  # on a busy machine others come first\n"
        "    address = line.split()[2].removesuffix('/api/')\n"
        f"    answer = read(Path('{SAMPLES}/18-digit-7.png'), address)\n"
        "    server.terminate()\n"
        "assert answer['text'] == '7'"
    ),
    "audit.md": "assert load_audit('runs/mine').tsne.shape == (500, 2)",
    "classifier.md": "assert model.n_features_in_ == 64 and model.n_iter_ == 1",
    "data.md": "assert len(dataset.train) + len(dataset.test) == 500 and dataset.notes",
    "forms.md": (
        "from fastnet.reading.form import read_form\n"
        "assert [field.name for field in read_form(Path('form.json')).fields] == ['student', 'points']"
    ),
    "kernels.md": (
        "assert comparison.timings[0].case == '64x512' and Path('roofline.png').is_file()\n"
        "assert accuracy > 0.6 and {128} == gelu.taken.keys()"
    ),
    "models.md": (
        "assert labels.tolist() == whole.test.labels[:5].tolist()\n"
        "assert (probabilities.argmax(axis=1) == labels).all()"
    ),
    "guide-kernels.md": "assert fast.shape == slow.shape == (64, 512)",
    "guide-reading.md": "assert (reading.text, len(known.text)) == ('7', 5)",
    "guide-training.md": "assert len(scores) == 3 and training.finished",
    "recipe.md": "assert copies.shape == images.shape and copies.dtype == 'uint8'",
    "streaming.md": "assert train.n_features == 784 and not images.flags.writeable",
}


def blocks(document: Path, *languages: str) -> list[str]:
    found = BLOCK.findall(document.read_text(encoding="utf-8"))
    return [source for language, source in found if language in languages]


def commands() -> list[str]:
    """The lines of shell of all documents, without comments."""
    lines = [line for document in DOCUMENTS for block in blocks(document, "", "sh") for line in block.splitlines()]
    return sorted({line.partition("#")[0].strip() for line in lines} - {""})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_is_python_or_shell(document):
    text = document.read_text(encoding="utf-8")
    assert {language for language, _ in BLOCK.findall(text)} <= {"python", "sh", "nginx", "json", ""}
    assert text.count("```") == 2 * len(BLOCK.findall(text))


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if path.name not in RUN_ELSEWHERE and blocks(path, "python")],
    ids=lambda path: path.name,
)
def test_python_blocks_run_in_order(document, tmp_path):
    name = document.name
    shown = [(f"{name}, block {number}", source) for number, source in enumerate(blocks(document, "python"), start=1)]
    steps = [("before", LITTLE + BEFORE.get(name, "")), *shown, ("after", AFTER[name])]
    command = [sys.executable, "-P", "-c", RUN]
    with_samples(tmp_path)
    done = subprocess.run(command, cwd=tmp_path, input=json.dumps(steps), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", commands())
def test_commands_are_ones_that_exist(command):
    program, *arguments = shlex.split(command)
    assert program in ("fastnet", "make", "podman")
    if program == "make":
        assert_target(arguments[0])
    elif program == "fastnet":
        cli._parser().parse_args(arguments)
    elif "dashboard" in arguments:  # what follows the image's name is fastnet's
        cli._parser().parse_args(arguments[arguments.index("dashboard") :])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_that_are_named_exist(document):
    for target in re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8")):
        assert_target(target)


def with_samples(directory: Path) -> None:
    """Have the pictures of the checkout in a directory, as at the top of it."""
    place = directory / SAMPLES
    place.parent.mkdir(parents=True)
    place.symlink_to(ROOT / SAMPLES, target_is_directory=True)


@pytest.mark.parametrize("command", [command for command in commands() if command.startswith("fastnet")])
def test_what_a_command_reads_is_there_after_the_first_one(command):
    words = shlex.split(command)
    for option, word in pairwise(words):
        if option not in (*WRITTEN, *NO_FILES) and (
            "/" in word or Path(word).suffix in (".png", ".jpg", ".npz", ".csv")
        ):
            assert word == MINE or word.startswith(OWN) or (ROOT / word).exists(), word


def test_the_first_command_makes_the_run_that_others_read():
    first = next(block for block in blocks(DOCUMENTS[0], "") if "fastnet " in block).splitlines()[0]
    assert f"--out {MINE} " in first


def assert_target(name: str) -> None:
    """`make NAME` is a rule of the Makefile, or a study."""
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert name in rules or (ROOT / "benchmarks/studies" / f"{name.replace('-', '_')}.py").is_file(), name


@pytest.mark.parametrize(
    "command",
    [line for line in commands() if line.split()[1] in CHEAP and MINE not in line and OWN not in line],
)
def test_cheap_commands_run(command, fastnet, tmp_path, monkeypatch):
    with_samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    code, _, err = fastnet(*shlex.split(command)[1:])
    assert (code, "Traceback" in err) == (0, False)

"""Commands in processes whose standard streams are closed, full, not read or of ASCII: no traceback, right codes."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys

import pytest
from PIL import Image

from fastnet.cli.streams import BROKEN_PIPE, one_line
from fastnet.data.loading import load_dataset
from fastnet.weights import SMALL

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors by a POSIX shell")

PLAIN = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
FASTNET = f"{shlex.quote(sys.executable)} -m fastnet"


def run(command, **environment):
    """Run `fastnet` as the shell would have it; (exit code, standard output, standard error)."""
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("fastnet", FASTNET, 1)],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=120,
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    Image.fromarray(load_dataset().test.images[0].reshape(28, 28)).save(path)
    return path


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [f"inspect {SMALL} --quiet", "--help"])
def test_what_cannot_be_printed_is_an_error(command, unbuffered):
    for place in (">/dev/full", ">&-"):
        code, _, err = run(f"fastnet {command} {place}", PYTHONUNBUFFERED=unbuffered)
        assert code == 2
        assert b"standard output: " in err
        assert len(err.splitlines()) == 1


def test_answers_that_cannot_be_printed_are_an_error_and_a_file_is_written_all_the_same(picture, tmp_path):
    code, _, err = run(f"fastnet predict {picture} >/dev/full")
    assert code == 2
    assert b"standard output: No space left on device" in err
    code, _, _ = run(f"fastnet predict {picture} --out {tmp_path}/answers.csv >&-")
    assert code == 2
    assert (tmp_path / "answers.csv").read_text().startswith("path,")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [f"inspect {SMALL} --quiet", "train --help"])
def test_a_pipe_that_nobody_reads_ends_it_quietly(command, unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "fastnet", *command.split()]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=120)
    os.close(writer)
    assert (done.returncode, done.stderr) == (BROKEN_PIPE, b"")


def test_closed_standard_error_goes_nowhere(picture, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    code, out, _ = run(f"fastnet predict {picture} {broken} 2>&-")
    assert code == 1
    assert out.decode().startswith(f"{picture}: 7 (")
    assert len(out.splitlines()) == 1
    assert run("fastnet inspect nowhere 2>&-")[:2] == (2, b"")
    assert run("fastnet nonsense 2>&-")[:2] == (2, b"")
    assert run("fastnet inspect nowhere 2>&- >&-")[:2] == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_full_standard_error_goes_nowhere(npz, tmp_path, unbuffered):
    small = f"--data {npz} --hidden none --validation 0 --epochs 2 --engine reference"
    code, out, _ = run(f"fastnet train {small} --out {tmp_path}/run 2>/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert code == 0
    assert b"saved in" in out
    assert json.loads((tmp_path / "run/manifest.json").read_text())["epochs"] == 2
    for wrong in ("inspect nowhere", "nonsense"):
        assert run(f"fastnet {wrong} 2>/dev/full", PYTHONUNBUFFERED=unbuffered)[:2] == (2, b"")


def test_no_file_takes_the_place_of_a_closed_stream(picture, tmp_path):
    """Else what is told would stand in the answers."""
    out = tmp_path / "answers.csv"
    code, _, _ = run(f"fastnet predict {picture} {tmp_path}/nothing.png --out {out} 0<&- 2>&- >&-")
    assert code == 2
    with out.open(newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == ["7", ""]


def test_closed_standard_input_is_told():
    code, out, err = run("fastnet predict - --quiet 0<&-")
    assert (code, out) == (1, b"")
    assert len(err.splitlines()) == 1


def test_a_terminal_of_ascii_gets_ascii(npz, tmp_path):
    small = f"--data {npz} --hidden none --validation 0 --epochs 1 --engine reference"
    commands = (
        *("--help", "train --help", "predict --help", "info", f"evaluate {SMALL}"),
        *(f"train {small} --out {tmp_path}/run", f"inspect {tmp_path}/run"),
        f"export {tmp_path}/run --to npz --out {tmp_path}/run.npz",
    )
    for command in commands:
        code, out, err = run(f"fastnet {command}", **PLAIN)
        assert code == 0, err
        assert (out + err).isascii()
    for environment in (PLAIN, C_LOCALE):
        code, out, _ = run(f"fastnet inspect {SMALL}", **environment)
        assert code == 0
        assert b"99.37% +/- 0.03%" in out


@pytest.mark.parametrize("environment", [{}, PLAIN, C_LOCALE])
def test_a_path_that_is_no_text_is_told_by_its_own_bytes(picture, tmp_path, environment):
    directory = tmp_path / "scans"
    directory.mkdir()
    odd = os.fsencode(directory) + b"/\xe9\xff.png"
    with open(odd, "wb") as file:
        file.write(picture.read_bytes())
    with open(os.fsencode(directory) + b"/\xe9.avif", "wb") as file:
        file.write(b"no picture")
    code, out, err = run(f"fastnet predict {directory} --quiet", **environment)
    assert code == 1
    assert out.startswith(odd + b": 7 (")
    assert b"/\xe9.avif: is a picture by its name (AVIF)" in err
    code, out, _ = run(f"fastnet predict {directory} --json", **environment)
    assert [os.fsencode(result["path"]) for result in json.loads(out)["results"]][1] == odd
    answers = tmp_path / "answers.csv"
    run(f"fastnet predict {directory} --out {answers}", **environment)
    content = answers.read_bytes()
    assert odd in content
    code, out, _ = run(f"fastnet predict {directory} --format csv", **environment)
    assert out == content
    assert len(list(csv.DictReader(io.StringIO(content.decode(errors="surrogateescape"))))) == 2
    code, out, err = run(f"fastnet inspect --quiet '{directory}'/\udce9.avif", **environment)
    assert code == 2
    assert len(err.splitlines()) == 1


def test_one_line_is_one_line():
    assert one_line("a\r\nb\x1b[2J\u2028\udce9\u00e9 \u4e03") == "a\\r\\nb\\x1b[2J\\u2028\udce9\u00e9 \u4e03"

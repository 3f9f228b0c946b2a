"""The container: its file says what it should; it is built where CI has a builder, else its steps are run without.

Without a builder, the steps run in an environment of their own below a temporary directory, which stands for the
container's `/`. What needs another machine is left out: the base image and the user; and dependencies are those that
the tests run with, since they take minutes to install.
"""

import importlib.util
import json
import os
import shutil
import socket
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import PATIENCE

ROOT = Path(__file__).parents[1]
PORT = "5006"
PLACES = ("/source", "/opt/fastnet", "/data")


def instructions():
    """Of the Containerfile, in their order: (name, argument)."""
    lines = (ROOT / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    parts = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(name, argument.strip()) for name, _, argument in parts]


STEPS = instructions()


def last(name):
    return [argument for found, argument in STEPS if found == name][-1]


HEALTH_CHECK = json.loads(last("HEALTHCHECK").split(" CMD ")[1])
COMMAND = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))


def healthy_in_time(ask, is_up=lambda: True):
    """Whether the health check passes before patience, or what it asks, ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and is_up():
        if subprocess.run(ask, capture_output=True, check=False).returncode == 0:
            return True
        time.sleep(0.5)
    return False


def builder():
    """A program that builds and runs containers here and has the base image, or None; CI alone takes the time."""
    if os.environ.get("CI") != "true" or sys.platform != "linux":
        return None
    found = [name for name in ("podman", "docker") if shutil.which(name)]
    base = next(argument.split()[0] for name, argument in STEPS if name == "FROM")
    pulls = ([name, "pull", base] for name in found)
    return next(
        (pull[0] for pull in pulls if not subprocess.run(pull, capture_output=True, check=False).returncode), None
    )


def test_container_is_small_and_nobody_is_root_in_it():
    stages = [argument for name, argument in STEPS if name == "FROM"]
    assert len(stages) == 2  # what builds stays behind
    assert all("-slim" in stage for stage in stages)
    names = [name for name, _ in STEPS]
    assert last("USER").isdecimal()
    assert int(last("USER")) > 0
    assert "RUN" not in names[len(names) - names[::-1].index("USER") :]
    assert all("--no-cache-dir" in argument for _, argument in STEPS if "install --no" in argument)
    assert "--public" in COMMAND


def test_only_what_the_wheel_is_made_of_goes_into_the_image():
    ignored, *rest = [
        line for line in (ROOT / ".containerignore").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    assert ignored == "*"
    kept = {line[1:] for line in rest if line.startswith("!")}
    assert kept == {"LICENSE", "NOTICE", "README.md", "pyproject.toml", "dashboard", "fastnet", "kernels", "weights"}


def test_container_is_built_and_healthy():
    program = builder()
    if program is None:
        pytest.skip("no program that builds containers; its steps are run by the next test")
    build = [program, "build", "--quiet", "--file", "Containerfile", "."]
    image = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()[-1]
    run = [program, "run", "--detach", "--rm", image]
    container = subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
    try:
        assert healthy_in_time([program, "exec", container, *HEALTH_CHECK])
        who = subprocess.run([program, "exec", container, "id", "-u"], capture_output=True, text=True, check=True)
        assert who.stdout.strip() == last("USER")
    finally:
        subprocess.run([program, "kill", container], capture_output=True, check=False)


@pytest.fixture
def machine(tmp_path):
    """`machine(text)` is the text with the container's places below `tmp_path`; `python` is one that has pip."""
    (tmp_path / "bin").mkdir()
    python = sys.executable if importlib.util.find_spec("pip") else sys._base_executable
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("no pip")
    start = tmp_path / "bin" / "python"
    start.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    start.chmod(0o755)

    def placed(text):
        for place in PLACES:
            text = text.replace(place, f"{tmp_path}{place}")
        return text

    return placed


def run_steps(tmp_path, machine):
    """Do what the Containerfile says; return the environment and the directory that its command starts in."""
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    environment |= {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    directory = tmp_path
    for name, argument in STEPS:
        if name == "COPY" and argument == ". /source":
            copy_context(Path(machine("/source")))
        elif name == "RUN" and "useradd" not in argument:
            subprocess.run(["sh", "-ec", machine(argument)], env=environment, check=True, capture_output=True)
            lend_dependencies(Path(machine("/opt/fastnet")))
        elif name == "ENV":
            key, _, value = argument.partition("=")
            environment[key] = string.Template(machine(value)).substitute(environment)
        elif name == "VOLUME":
            for place in json.loads(argument):
                Path(machine(place)).mkdir(parents=True)
        elif name == "WORKDIR":
            directory = Path(machine(argument))
            directory.mkdir(exist_ok=True)
    return environment, directory


def copy_context(target):
    lines = (ROOT / ".containerignore").read_text().splitlines()
    target.mkdir()
    for name in (line[1:] for line in lines if line.startswith("!")):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def lend_dependencies(environment):
    """Let the environment see the packages of this one; fastnet, where it is installed from a checkout, is not seen."""
    (packages,) = environment.glob("lib/python3.*/site-packages")
    lent = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (packages / "lent.pth").write_text("\n".join(lent))


@pytest.mark.skipif(os.name == "nt", reason="the steps are for a system with sh")
def test_steps_of_the_container_lead_to_a_healthy_server(tmp_path, machine, start_process):
    if builder():
        pytest.skip("the container itself is built and run")
    environment, directory = run_steps(tmp_path, machine)
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = str(probe.getsockname()[1])
    python = Path(machine("/opt/fastnet/bin/python"))
    where = [python, "-P", "-c", "import fastnet; print(fastnet.__file__)"]
    found = subprocess.run(where, env=environment, cwd=directory, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(machine("/opt/fastnet"))
    program, *arguments = COMMAND
    command = [Path(machine("/opt/fastnet/bin")) / program, *arguments, "--port", port]
    server = start_process(command, env=environment, cwd=directory)
    ask = [python, *(argument.replace(PORT, port) for argument in HEALTH_CHECK[1:])]
    assert healthy_in_time(ask, is_up=lambda: server.poll() is None)
    server.terminate()
    server.wait(PATIENCE)

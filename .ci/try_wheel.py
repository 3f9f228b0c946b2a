"""Install the wheel in dist/ into a new environment, as a user does, and take a user's first steps with it."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from urllib.request import urlopen

SAMPLE = Path("dashboard/assets/samples/18-digit-7.png").absolute()


def main() -> None:
    """Install it, read a picture, train an epoch, serve the page."""
    (wheel,) = Path("dist").absolute().glob("fastnet_mlp-*.whl")
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        venv.create(place / "env", with_pip=True)
        programs = place / "env" / ("Scripts" if os.name == "nt" else "bin")
        install = [programs / "python", "-m", "pip", "install", "--quiet", f"{wheel}[dashboard]"]
        subprocess.run(install, check=True)
        fastnet = programs / "fastnet"
        answer = subprocess.run([fastnet, "predict", SAMPLE], cwd=place, check=True, capture_output=True, text=True)
        assert "7" in answer.stdout.replace(SAMPLE.name, ""), answer.stdout
        subprocess.run([fastnet, "train", "--epochs", "1", "--no-calibration", "--out", "run"], cwd=place, check=True)
        serve(fastnet, place)
    print(f"{wheel.name} installs, reads, trains and serves on Python {sys.version.split()[0]}")


def serve(fastnet: Path, place: Path) -> None:
    """Serve the page until it was fetched once."""
    command = [fastnet, "dashboard", "--port", "0"]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        try:
            address = next(word for line in server.stderr for word in line.split() if word.startswith("http://"))
            with urlopen(address, timeout=60) as page:
                assert page.status == 200
        finally:
            server.terminate()


if __name__ == "__main__":
    main()

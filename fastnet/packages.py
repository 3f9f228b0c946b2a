"""Packages that a part of this one needs beyond the required ones, and one sentence about those that are missing."""

import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from .errors import OptionError

# What those extras in pyproject.toml bring along that are needed as a whole, by the names to import.
EXTRAS = {
    "serve": ("tornado",),
    "dashboard": ("bokeh", "panel", "panel_material_ui", "param", "threadpoolctl"),
    "sklearn": ("joblib", "sklearn"),
    "audit": ("matplotlib", "scipy", "sklearn", "threadpoolctl"),
}
_INSTALLED_AS = {"PIL": "pillow", "panel_material_ui": "panel-material-ui", "sklearn": "scikit-learn"}


def require_packages(purpose: str, *modules: str) -> None:
    """OptionError that names what to install, unless all modules that `purpose` needs are there."""
    if missing := missing_of(*modules):
        raise OptionError(f"{purpose} needs more packages: {pip_install(*missing)}")


def missing_of(*modules: str) -> list[str]:
    """What to install for those of the modules that are not there."""
    return [installed_as(module) for module in modules if find_spec(module) is None]


def installed_as(module: str) -> str:
    """The name under which pip installs what is imported as `module`."""
    return _INSTALLED_AS.get(module, module)


def pip_install(*packages: str) -> str:
    """The command that installs them where this Python finds them; `pip` alone may be that of another one."""
    return f"{interpreter()} -m pip install {' '.join(packages)}"


def interpreter() -> str:
    """This Python as it can be typed here: its name where PATH leads to it, else its path, from here if it is below."""
    path = Path(sys.executable or "python")
    if shutil.which(path.name) == str(path):
        return path.name
    with suppress(OSError):  # the current directory may be gone
        here = Path.cwd()
        if here in path.parents[1:]:
            path = path.relative_to(here)
    return subprocess.list2cmdline([str(path)]) if sys.platform == "win32" else shlex.quote(str(path))

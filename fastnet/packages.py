"""Packages that a part of this one needs beyond the required ones, and one sentence about those that are missing."""

from importlib.util import find_spec

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
        raise OptionError(f"{purpose} needs more packages: pip install {' '.join(missing)}")


def missing_of(*modules: str) -> list[str]:
    """What to install for those of the modules that are not there."""
    return [installed_as(module) for module in modules if find_spec(module) is None]


def installed_as(module: str) -> str:
    """The name under which pip installs what is imported as `module`."""
    return _INSTALLED_AS.get(module, module)

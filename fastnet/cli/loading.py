"""The wait for packages that are loaded: seconds for Numba, SciPy or Panel, and more from a slow disk.

Commands import what they need where they need it. Instead of a word at each such place, all imports are watched.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any

from .waiting import WaitInParts

_OURS = "fastnet"


@contextmanager
def loading_told() -> Iterator[None]:
    """Say so where others' packages are loaded in this block, if that takes more than a second."""
    finder: Any = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds what the other finders find, and has it tell when it is loaded."""

    def __init__(self) -> None:
        self._wait = WaitInParts()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As importlib asks for it; None for what is to be found without this one."""
        package = name.partition(".")[0]
        if package == _OURS or package in sys.stdlib_module_names:
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, others), None)
        if spec and isinstance(spec.loader, SourceFileLoader):
            self._listen(spec.loader, package)
        return spec

    def _listen(self, loader: SourceFileLoader, package: str) -> None:
        execute = loader.exec_module

        def told(module: ModuleType) -> None:
            del loader.exec_module  # from here on it is the class's own again
            with self._wait.part(f"loading {package}"):
                execute(module)

        loader.exec_module = told  # type: ignore[method-assign]

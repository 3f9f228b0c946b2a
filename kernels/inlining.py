"""Pieces of kernels: optimised and made into machine code only in the kernels that they end up in.

Of each function, for each of its signatures, Numba makes machine code and wrappers for callers in Python and in C, and
counts references to the arrays that it is given. For pieces that are never called on their own, and make no arrays,
that is half of all that compiling takes.
"""

import functools
from collections.abc import Callable
from typing import Any

import numba
from numba.core import types
from numba.core.codegen import JITCodeLibrary

from .compilers import LibraryCompiler


class Piece:
    """A function that is `compiled` where kernels call it, and that Python calls as it is written."""

    def __init__(self, function: Callable, compiled: Any):
        functools.update_wrapper(self, function)
        self._function, self._compiled = function, compiled

    @property
    def _numba_type_(self) -> types.Dispatcher:
        return types.Dispatcher(self._compiled)

    def __call__(self, *args: Any) -> Any:
        """Run it as plain Python."""
        return self._function(*args)


def compiled_inline(function: Callable, **options: Any) -> Any:
    """Numba's dispatcher of a function that kernels inline, with such options."""
    return numba.njit(
        function,
        forceinline=True,
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=_Compiler,
        **options,
    )


class _InlinedLibrary(JITCodeLibrary):
    """Code to be linked into other code, and nothing else."""

    @property
    def codegen(self) -> "_WithoutEnvironment":
        return _WithoutEnvironment(self._codegen)

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave it to the kernels, where callers and pieces are optimised together."""

    def _optimize_final_module(self) -> None:
        """Leave it to the kernels."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0  # of no function, as Numba says it


class _Compiler(LibraryCompiler):
    """Numba's compiler, whose code goes into an `_InlinedLibrary`."""

    library_class = _InlinedLibrary


class _WithoutEnvironment:
    """A code generator for functions that have no address, where Numba would put their Python constants."""

    def __init__(self, codegen: Any):
        self._codegen = codegen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codegen, name)

    def set_env(self, env_name: str, env: Any) -> None:
        """Do nothing."""

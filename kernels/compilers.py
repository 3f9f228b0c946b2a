"""Numba's compiler, with code libraries of our own: what becomes of a function's code is up to its library."""

from collections.abc import Callable
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class LibraryCompiler(Compiler):
    """Numba's compiler, whose code goes into a library of the class `library_class`."""

    library_class: type[JITCodeLibrary]

    def compile_extra(self, func: Callable) -> Any:
        """Compile a function from Python's bytecode."""
        if self.state.library is None:
            self.state.library = self.library_class(self.state.targetctx.codegen(), func.__qualname__)
            self.state.library.enable_object_caching()
        return super().compile_extra(func)

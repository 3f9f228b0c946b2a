"""Kernels that call kernels: each is made into machine code once, and the callers' code jumps there.

Numba links what a function calls into the function's own code, and optimises and emits it once more there; so it did
with every kernel, in each piece around its call. And in Numba's cache each function stands for itself: here, it brings
the machine code of the kernels that it calls.
"""

from typing import Any

import llvmlite.binding as llvm
from numba.core.caching import CompileResultCacheImpl
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompileResult

from ..interrupts import held_back
from .compilers import LibraryCompiler

_Serialized = tuple[str, bytes, list[str], list[Any]]

_kernels: dict[str, "KernelLibrary"] = {}  # by the names of the functions that they define


class KernelLibrary(JITCodeLibrary):
    """The machine code of a kernel; callers find it by its name, and get none of it into theirs."""

    _code: bytes | None = None
    _names: list[str]
    _called: list["KernelLibrary"]

    def _finalize_specific(self) -> None:
        with held_back():  # LLVM calls Python, and goes on whatever that raises
            super()._finalize_specific()
            if self._code is None:  # not `load`ed, but compiled now
                functions = list(self._final_module.functions)
                self._code = self._get_compiled_object()
                self._names = [
                    function.name
                    for function in functions
                    if not function.is_declaration and function.linkage == llvm.Linkage.external
                ]
                self._called = [
                    _kernels[function.name]
                    for function in functions
                    if function.is_declaration and function.name in _kernels
                ]
            _kernels.update(dict.fromkeys(self._names, self))

    def _get_module_for_linking(self) -> Any:
        self._ensure_finalized()
        return llvm.parse_assembly("")

    def serialize_using_object_code(self) -> _Serialized:
        """What `load` needs in another process: the code, and that of the kernels that it calls."""
        assert self._code is not None
        return self.name, self._code, self._names, [library.serialize_using_object_code() for library in self._called]

    @classmethod
    def load(cls, codegen: Any, serialized: _Serialized) -> "KernelLibrary":
        """The library; the one that is there already, where another kernel brought it."""
        name, code, names, called = serialized
        if names[0] in _kernels:
            return _kernels[names[0]]
        library = cls(codegen, name)
        library._code, library._names = code, names
        library._called = [cls.load(codegen, other) for other in called]
        library.enable_object_caching()
        library._set_compiled_object(code)
        codegen._engine._defined_symbols.update(names)
        library._finalize_final_module()
        return library


class KernelCompiler(LibraryCompiler):
    """Numba's compiler, whose code goes into a `KernelLibrary`."""

    library_class = KernelLibrary


class KernelCache(CompileResultCacheImpl):
    """What Numba's cache keeps of a kernel."""

    def rebuild(self, target_context: Any, payload: tuple) -> CompileResult:
        """The kernel, ready to be called."""
        serialized, fndesc, env, signature, objectmode, lifted, annotation, reload_init, environments = payload
        for initialize in reload_init:
            initialize()
        library = KernelLibrary.load(target_context.codegen(), serialized)
        entry_point = target_context.get_executable(library, fndesc, env)
        for environment in environments:
            library.codegen.set_env(environment.env_name, environment)
        return CompileResult(
            typing_context=target_context.typing_context,
            target_context=target_context,
            entry_point=entry_point,
            typing_error=None,
            type_annotation=annotation,
            signature=signature,
            objectmode=objectmode,
            lifted=lifted,
            fndesc=fndesc,
            library=library,
            call_helper=None,
            environment=env,
            metadata=None,
            reload_init=reload_init,
            referenced_envs=environments,
        )

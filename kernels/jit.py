"""How kernels are compiled: flags, cache and threads, in this one place.

`@kernel` marks what is called from Python, `@inner_kernel` what kernels alone call, and `@inlined` a piece of either;
`@emitted` declares what a plain function becomes in machine code, and `@chosen` which piece it is. With
`NUMBA_DISABLE_JIT=1` all leave plain Python, which is slow and lets coverage and a debugger see every line.
"""

import contextlib
import contextvars
import functools
import hashlib
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, config, event
from numba.core.extending import lower_builtin
from numba.core.runtime import rtsys
from numba.core.sigutils import normalize_signature
from numba.core.typing.templates import AbstractTemplate, infer_global

from . import compilation
from .compilation import can_be_helped
from .garbage import Uncollected
from .inlining import Piece, compiled_inline
from .linking import KernelCache, KernelCompiler
from .sharing import CompileParts, Helper, Turn, alone_in

# GNU OpenMP's threads spin for milliseconds at the end of each loop. Where another process wants their processors, that
# makes each loop hundreds of times slower; with some microseconds of spinning, nothing is lost on an idle machine.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# A multiply and an add may become one FMA, and that is all: vectors are written out by hand, so LLVM need not reorder
# sums to find them ("reassoc" turned log(sum) - (x - max) into log(sum) + max - x, which cancels for large logits), and
# with `fastmath=True` it would assume that NaN never occurs and drop the checks that stop a diverged training.
FASTMATH = {"contract"}


def _cache_directory() -> str | None:
    """A writable directory for compiled kernels, one for each state of the kernels' source; None if there is none.

    Numba's own cache is keyed by the file of the outermost function and misses edits to what that function calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    user_cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    directory = os.path.abspath(os.path.join(config.CACHE_DIR or user_cache, "fastnet", digest))
    try:
        os.makedirs(directory, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:
        return None


CACHE_DIRECTORY = _cache_directory()


def holds_kernels() -> bool:
    """Whether kernels were compiled before, and kept."""
    return CACHE_DIRECTORY is not None and any(Path(CACHE_DIRECTORY).rglob("*.nbi"))


class _Locator(caching._SourceFileBackedLocatorMixin, caching._CacheLocator):  # by the names of all versions of Numba
    """The place of a file's functions in our cache, whatever the process's setting is, which other threads may need."""

    def __init__(self, function: Callable, path: str):
        self._py_file, self._lineno = path, function.__code__.co_firstlineno
        self._path = os.path.join(CACHE_DIRECTORY or "", self.get_suitable_cache_subpath(path))

    def get_cache_path(self) -> str:
        return self._path


class _LocatedCache(KernelCache):
    """What our cache keeps of a kernel, and where."""

    _locator_classes = (_Locator, *KernelCache._locator_classes)


class _Cache(caching.FunctionCache):
    """Numba's cache, without which kernels work as well: where it fails they are compiled, and kept if possible.

    What cannot be read or written, as on a full disk, is told once. What is not there is compiled by one process at a
    time, with a helper where `compile_parts` tells what it can do.
    """

    _impl_class = _LocatedCache

    def __init__(self, function: Callable, compile_parts: CompileParts | None = None):
        super().__init__(function)
        self._compile_parts = compile_parts
        # By the types that are being compiled for: what ends with that.
        self._begun: dict[tuple[Any, ...], list[Turn | Uncollected | Helper]] = {}

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None if it is not there, so that it is to be compiled, and then saved."""
        loaded = self._kept(sig, target_context)
        if loaded is None:
            try:
                loaded = self._take_turn(sig, target_context)
            except BaseException:
                self.end_turn(sig)
                raise
        return loaded

    def _take_turn(self, sig: Any, target_context: Any) -> Any:
        """Be the one that compiles the function, with a helper if it is worth one; if another process was, load it."""
        self.end_turn(sig)  # of a try that was interrupted
        types = _types(sig)
        turn = Turn(self._turn_path(sig, target_context))
        self._begun[types] = [turn]
        loaded = self._kept(sig, target_context)
        if loaded is not None:
            self.end_turn(sig)
            return loaded
        uncollected = Uncollected()
        self._begun[types].append(uncollected)  # at first, so that an interrupt does not leave it begun
        uncollected.begin()
        if self._compile_parts and turn.is_held and can_be_helped() and not self._holds_any():
            with contextlib.suppress(OSError):
                self._begun[types].append(Helper(self._compile_parts, types, Path(CACHE_DIRECTORY or "").parents[1]))
        return None

    def _holds_any(self) -> bool:
        """Whether the function was compiled before for other types, which share parts with these."""
        return Path(self.cache_path, f"{self._impl.filename_base}.nbi").exists()

    def end_turn(self, sig: Any) -> None:
        """What was not there is compiled, or could not be."""
        for begun in self._begun.pop(_types(sig), []):
            begun.end()

    def _turn_path(self, sig: Any, target_context: Any) -> Path:
        """The file of who compiles the function for such arguments and this processor."""
        key = repr(self._index_key(sig, target_context.codegen()))
        name = f"{self._impl.filename_base}.{hashlib.sha256(key.encode()).hexdigest()[:16]}.turn"
        return Path(self.cache_path, name)

    def _kept(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None if it is not there, or damaged, as by a cut of the power."""
        try:
            with self._guard_against_spurious_io_errors():
                # All that code needs; Numba's own way loads what compiles as well, and SciPy.
                rtsys.initialize(target_context)
                return self._load_overload(sig, target_context)
        except OSError as error:
            _warn_of_cache(error)
        except Exception:  # whatever unpickling a damaged file raises
            with contextlib.suppress(OSError):
                self.flush()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function."""
        try:
            with alone_in(Path(self.cache_path)):  # functions of other types have the same index
                super().save_overload(sig, data)
        except OSError as error:
            _warn_of_cache(error)
        finally:
            self.end_turn(sig)


def _types(sig: Any) -> tuple[Any, ...]:
    """Those of the arguments, of a signature in either of Numba's forms."""
    return tuple(normalize_signature(sig)[0])


_is_warned = False


def _warn_of_cache(error: OSError) -> None:
    """Say once in a process that the cache is of no use."""
    global _is_warned
    if not _is_warned:
        _is_warned = True
        reason = error.strerror or error
        warnings.warn(
            f"{CACHE_DIRECTORY}: compiled kernels cannot be kept there ({reason}), so they are compiled each time",
            RuntimeWarning,
            stacklevel=2,
        )


class _Compilations(event.Listener):
    """Tells `compilation` of each function that is not found in the cache."""

    def on_start(self, _event: event.Event) -> None:
        compilation.tell(True)

    def on_end(self, ended: event.Event) -> None:
        dispatcher = ended.data["dispatcher"]
        cache = getattr(dispatcher, "_cache", None)  # which loops that Numba lifts have not
        if isinstance(cache, _Cache) and tuple(ended.data["args"]) not in dispatcher.overloads:
            cache.end_turn(ended.data["args"])  # it could not be compiled, so it is not saved
        compilation.tell(False)


event.register("numba:compile", _Compilations())


def inlined(function: Callable) -> Callable:
    """Compile a piece of a kernel, always inlined into its caller; where Python calls it, it is plain Python."""
    if config.DISABLE_JIT:
        return function
    return Piece(function, compiled_inline(function, fastmath=FASTMATH, error_model="numpy"))


def emitted(function: Callable, of_constants: bool = False) -> Callable[[Callable], Callable]:
    """Declare what calls of `function` become in a kernel: code that is emitted where the call stands.

    The decorated gets the types of the arguments, which tell the values if they are those `of_constants`, and returns
    (signature, codegen), as for `numba.extending.intrinsic`, or None for types that it does not know. Unlike the body
    of an `overload`, this is no function of its own, which LLVM would compile for each signature before it is inlined.
    """

    def register(declaration: Callable) -> Callable:
        def generic(self: Any, args: tuple, kws: dict) -> Any:
            declared = declaration(*args)
            if declared is None:
                return None
            signature, codegen = declared
            lower_builtin(function, *signature.args)(codegen)
            return signature

        _declare(function, generic, of_constants)
        return declaration

    return register


def chosen(function: Callable) -> Callable[[Callable], Callable]:
    """Declare which piece a call of `function` is in a kernel: the decorated gets the types of the arguments.

    Pieces that are not chosen are not compiled.
    """

    def register(choose: Callable) -> Callable:
        def generic(self: Any, args: tuple, kws: dict) -> Any:
            piece = choose(*args)._numba_type_
            signature = piece.get_call_type(self.context, args, kws)

            @lower_builtin(function, *signature.args)
            def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                return context.get_function(piece, signature)(builder, args)

            return signature

        _declare(function, generic)
        return choose

    return register


def _declare(function: Callable, generic: Callable, of_constants: bool = False) -> None:
    """Let `generic` say what a call of `function` is, for the types of its arguments."""
    attributes = {"key": function, "generic": generic, "prefer_literal": of_constants}
    infer_global(function)(type(function.__name__, (AbstractTemplate,), attributes))


def _is_ours(function: Callable) -> bool:
    """Whether a function is of this package, whose state the cache's directory is named after.

    Of others, it would miss edits to the pieces and constants that they take from another file.
    """
    return (function.__module__ or "").partition(".")[0] == __name__.partition(".")[0]


def kernel(
    parallel: bool = False, allocates: bool = False, compile_parts: CompileParts | None = None
) -> Callable[[Callable], Callable]:
    """Compile a function that Python calls, or kernels do. It checks nothing: `checks` does that, before.

    Those of fastnet are kept on disk; others are compiled in each process that calls them.
    Only one that `allocates` arrays, as parallel ones do, counts their references, which is code in every piece of it.
    Pieces don't: they can neither make an array nor return a view. `compile_parts`, a function of a module, compiles
    in another process what this kernel calls, best from the last to the first; it is given the types of the arguments.
    """

    def decorate(function: Callable) -> Callable:
        compiled = _compiled(function, compile_parts, parallel=parallel, _nrt=parallel or allocates)
        return _one_at_a_time(compiled) if parallel else compiled

    return decorate


def inner_kernel(allocates: bool = False) -> Callable[[Callable], Callable]:
    """Compile a function that kernels alone call: as `kernel`, without the code that takes arguments from Python.

    It is machine code of its own, compiled once for all that call it, as long as its arguments have the same types.
    Where Python calls it, it is plain Python.
    """

    def decorate(function: Callable) -> Callable:
        if config.DISABLE_JIT:
            return function
        return Piece(function, _compiled(function, no_cpython_wrapper=True, _nrt=allocates))

    return decorate


def result_type(piece: Callable, *types: Any) -> Any:
    """What a piece of a kernel returns for arguments of such types, for which it is compiled, and all that it calls."""
    dispatcher = piece._compiled  # type: ignore[attr-defined]
    dispatcher.compile(types)
    return dispatcher.overloads[types].signature.return_type


def _compiled(function: Callable, compile_parts: CompileParts | None = None, **options: Any) -> Any:
    """Numba's dispatcher of a kernel, with such options."""
    compiled = numba.njit(
        function,
        fastmath=FASTMATH,
        error_model="numpy",
        nogil=True,
        no_cfunc_wrapper=True,
        pipeline_class=KernelCompiler,
        **options,
    )
    if CACHE_DIRECTORY is not None and not config.DISABLE_JIT and _is_ours(function):
        compiled._cache = _Cache(function, compile_parts)  # as `cache=True` has it, which takes Numba's own
    return compiled


_parallel_loops = threading.Lock()


def _free_parallel_loops() -> None:
    """In the child of a fork, nobody is left who would free the lock."""
    global _parallel_loops
    _parallel_loops = threading.Lock()


if hasattr(os, "register_at_fork"):  # POSIX
    os.register_at_fork(after_in_child=_free_parallel_loops)


def _one_at_a_time(compiled: Callable) -> Callable:
    """The function, in one Python thread at a time.

    Numba's "workqueue" threads end the process when a second Python thread asks for them; and no threading layer gains
    from two loops that each want all processors.
    """

    @functools.wraps(compiled)
    def call(*args: Any) -> Any:
        with _parallel_loops:
            return compiled(*args)

    return call


_threads: int | None = None
_threads_here: contextvars.ContextVar[int | None] = contextvars.ContextVar("_threads_here", default=None)


def set_threads(n_threads: int) -> None:
    """Let kernels use `n_threads` threads, also more than there are processors; ValueError outside 1 to 256."""
    global _threads
    if not 1 <= n_threads <= compilation.MOST_THREADS:
        raise ValueError(f"threads must be between 1 and {compilation.MOST_THREADS}, not {n_threads}")
    numba.set_num_threads(min(n_threads, config.NUMBA_NUM_THREADS))
    _threads = n_threads


@contextlib.contextmanager
def use_threads(n_threads: int) -> Iterator[None]:
    """Let what works from a board in this block, and in this Python thread, use `n_threads` threads, at most 256."""
    token = _threads_here.set(min(n_threads, compilation.MOST_THREADS))
    try:
        yield
    finally:
        _threads_here.reset(token)


def get_threads() -> int:
    """The number of threads that kernels use: all processors, unless it was set."""
    if config.DISABLE_JIT:  # plain Python has no atomic counters
        return 1
    return _threads_here.get() or _threads or numba.get_num_threads()


def threading_layer() -> str:
    """What Numba runs its parallel loops on: "omp", "tbb", "workqueue", or "none"."""
    try:
        _start_threads()
        return str(numba.threading_layer())
    except ValueError:  # there is none on this machine, or nothing is compiled
        return "none"


@kernel(parallel=True)
def _start_threads() -> int:
    total = 0
    for index in numba.prange(2):
        total += index
    return total

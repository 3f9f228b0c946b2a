"""Compilation and threads: every threading layer, several Python threads, caches that are shared or cannot be."""

import errno
import gc
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest
from numba import config
from numba.core import caching
from numba.core.errors import TypingError

from fastnet.kernels import compilation, jit
from fastnet.kernels.linking import KernelLibrary

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")

# All parallel kernels by four Python threads at once, then a training; the last line tells the layer and a digest.
EVERYTHING = """
import hashlib
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from fastnet import Dataset, Recipe, Samples, Training, kernels
from fastnet.kernels import cases, jit

jit.set_threads(2)
chosen = list({case.kernel: case for case in cases.CASES if min(case.sizes) >= 7}.values())
with ThreadPoolExecutor(4) as pool:
    for _ in pool.map(lambda case: case.verify(kernels), 5 * chosen):
        pass

rng = np.random.default_rng(0)
samples = Samples(rng.integers(0, 256, (64, 20)).astype(np.uint8), rng.integers(0, 3, 64), 1 / 255)
training = Training(Dataset(samples, samples, "noise"), Recipe(hidden=(40,), epochs=3, n_validation=0))
training.run()
arrays = training.network.parameters().values()
print(jit.threading_layer(), hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


@jit.inlined
def of_integers(x):
    return x + 1


@jit.inlined
def of_others(x):
    return x - 1


def either(x):
    return of_integers(x) if isinstance(x, int) else of_others(x)


@jit.chosen(either)
def _either(x):
    return of_integers if isinstance(x, numba.types.Integer) else of_others


def run(code, **variables):
    """The last line that a new process prints."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def digest():
    """Of the weights under the threading layer that Numba chooses."""
    return run(EVERYTHING).split()[1]


@pytest.mark.parametrize("layer", ["omp", "workqueue", "tbb"])
def test_every_threading_layer_serves_several_python_threads_with_the_same_bits(layer, digest):
    library = Path(sys.prefix) / "lib"
    if layer == "tbb" and not list(library.glob("libtbb.so*")):
        pytest.skip("the tbb package is not installed")
    path = os.pathsep.join(filter(None, [str(library), os.environ.get("LD_LIBRARY_PATH")]))
    printed = run(EVERYTHING, NUMBA_THREADING_LAYER=layer, LD_LIBRARY_PATH=path)
    assert printed.split() == [layer, digest]


def test_where_nothing_is_compiled_there_is_no_threading_layer():
    """A run that is saved tells it."""
    assert run("from fastnet.system import environment; print(environment())", NUMBA_DISABLE_JIT=1).count("'none'") == 1


CALL = (
    "import numpy as np; from fastnet import kernels; print(kernels.count_correct(np.eye(3, dtype='f4'), np.arange(3)))"
)


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "NUMBA_CACHE_DIR"])
def test_where_nothing_can_be_cached_kernels_still_run(tmp_path, variable):
    (tmp_path / "file").touch()  # not a directory, so nothing can be made in it, not even by root
    assert run(CALL, **{"NUMBA_CACHE_DIR": "", variable: tmp_path / "file"}) == "3"


def test_processes_that_fill_one_cache_at_once_do_not_disturb_each_other(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: run(CALL, NUMBA_CACHE_DIR=tmp_path), range(3))) == ["3"] * 3
    assert list(tmp_path.glob("fastnet/*/**/*.nbi"))


def test_a_kept_cache_is_used(tmp_path):
    """The second process compiles nothing: Numba counts a hit."""
    counting = (
        CALL + "; from fastnet.kernels.losses import _count_correct as c; print(sum(c.stats.cache_hits.values()))"
    )
    assert [run(counting, NUMBA_CACHE_DIR=tmp_path) for _ in range(2)] == ["0", "1"]


MULTIPLY = """
import sys
import numpy as np
from fastnet import kernels
from fastnet.kernels import compilation, products

told = []
with compilation.listening(told.append):
    out = kernels.aligned_copy(np.zeros((3, 5), np.float32))
    ones = [kernels.aligned_copy(np.ones(shape, np.float32)) for shape in ((3, 4), (4, 5), (5,))]
    products.multiply_add(*ones, True, out)
assert (out == 5).all()
print(told.count(True), "scipy.linalg" in sys.modules)
"""


def test_a_kept_kernel_brings_the_code_of_those_that_it_calls_and_nothing_that_compiles_is_loaded(tmp_path):
    assert run(MULTIPLY, NUMBA_CACHE_DIR=tmp_path).split()[0] != "0"
    kept = list(tmp_path.glob("fastnet/*/**/*multiply_add_task*"))
    assert kept
    for path in kept:
        path.unlink()
    assert run(MULTIPLY, NUMBA_CACHE_DIR=tmp_path) == "0 False"


def test_a_kernel_that_kernels_alone_call_takes_nothing_from_python(cache):
    called = jit.inner_kernel()(add_one)
    assert (called(1), called._compiled.signatures) == (2, [])
    for _ in range(2):  # compiled, and from the cache
        called = jit.inner_kernel()(add_one)
        assert jit.kernel()(lambda number, called=called: called(number) * 2)(1) == 4
        (compiled,) = called._compiled.overloads.values()
        assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cpython_wrapper_name) == 0


def test_a_kernel_that_kernels_call_is_compiled_once_for_all_of_them(cache):
    called = jit.kernel()(add_one)
    callers = [jit.kernel()(lambda number: called(number) * 2), jit.kernel()(lambda number: called(called(number)))]
    assert [caller(1) for caller in callers] == [4, 3]
    ((signature, compiled),) = called.overloads.items()
    name = compiled.fndesc.mangled_name
    for caller in callers:
        assert caller.overloads[signature].library.get_function(name).is_declaration


def test_a_kernel_compiled_anew_calls_one_that_was_kept(cache):
    def counted(compiled):
        return compiled(1), sum(compiled.stats.cache_hits.values())

    assert [counted(jit.kernel()(add_one)) for _ in range(2)] == [(2, 0), (2, 1)]
    kept = jit.kernel()(add_one)
    assert counted(jit.kernel()(lambda number: kept(number) * 2)) == (4, 0)


def add_one(number):
    return number + 1


def add_two(number):
    return number + 2


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache of compiled kernels, of which nothing was said yet."""
    monkeypatch.setattr(jit, "CACHE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(jit, "_is_warned", False)
    monkeypatch.setattr(jit, "_is_ours", lambda function: True)
    return tmp_path


def test_the_place_of_a_kernel_is_no_setting_of_the_process(cache, monkeypatch):
    """Other threads, which may import kernels or compile their own meanwhile, find the setting as it was."""
    settings = []
    place = caching._CacheLocator.ensure_cache_path
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(
        caching._CacheLocator, "ensure_cache_path", lambda locator: (settings.append(config.CACHE_DIR), place(locator))
    )
    compiled = jit.kernel()(add_one)
    assert (compiled(1), set(settings)) == (2, {""})
    assert cache in Path(compiled._cache.cache_path).parents


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "ENOENT"])
@pytest.mark.parametrize("method", ["_open_for_write", "_load_index"])
def test_a_cache_that_cannot_be_used_is_named_once_and_done_without(cache, monkeypatch, method, name):
    def fail(*args):
        raise OSError(getattr(errno, name), "of the system", "the file")

    monkeypatch.setattr(caching.IndexDataCacheFile, method, fail)
    with pytest.warns(RuntimeWarning) as warned:
        assert [jit.kernel()(function)(1) for function in (add_one, add_two)] == [2, 3]
    assert [str(warning.message) for warning in warned] == [
        f"{cache}: compiled kernels cannot be kept there (of the system), so they are compiled each time"
    ]


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[: len(content) // 2]])
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_files_of_the_cache_are_made_anew(cache, suffix, damage):
    def n_found():
        compiled = jit.kernel()(add_one)
        assert compiled(1) == 2
        return sum(compiled.stats.cache_hits.values())

    assert [n_found(), n_found()] == [0, 1]
    (path,) = cache.glob(f"**/*.{suffix}")
    path.write_bytes(damage(path.read_bytes()))
    assert [n_found(), n_found()] == [0, 1]


def test_a_piece_of_a_kernel_is_plain_python_where_python_calls_it_and_no_machine_code_of_its_own():
    piece = jit.inlined(lambda number: number + 1)
    assert piece(1) == 2
    call = numba.njit(lambda number: piece(number))
    assert call(1) == 2
    (compiled,) = piece._compiled.overloads.values()
    with pytest.raises(RuntimeError, match="no compiled object"):
        compiled.library.serialize_using_object_code()


def test_a_piece_that_types_do_not_choose_is_not_compiled():
    call = numba.njit(lambda x: either(x))
    assert (call(2), either(2), either(2.0)) == (3, 3, 1.0)
    assert [len(piece._compiled.signatures) for piece in (of_integers, of_others)] == [1, 0]
    assert call(2.0) == 1.0


def test_garbage_is_collected_again_when_a_kernel_is_compiled_or_cannot_be(cache):
    collected = []
    with compilation.listening(lambda begins: collected.append(gc.isenabled()) if begins else None):
        assert jit.kernel()(add_one)(1) == 2
        assert gc.isenabled()
        with pytest.raises(TypingError):
            jit.kernel()(add_one)("1")
    assert collected == [False, False]
    assert gc.isenabled()


def test_an_interrupt_while_llvm_compiles_comes_when_that_is_done(monkeypatch):
    sent = []

    def send_once(library):  # as LLVM, which calls Python with the code, has it kept
        if not sent:
            sent.append(library)
            signal.raise_signal(signal.SIGINT)
        return True

    @jit.kernel()
    def twice(number):
        return 2 * number

    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        patched.setattr(KernelLibrary, "_object_caching_enabled", property(send_once, lambda *_: None), raising=False)
        with pytest.raises(KeyboardInterrupt):
            twice(1)
    assert sent
    assert signal.getsignal(signal.SIGINT) is handler
    assert twice(1) == 2

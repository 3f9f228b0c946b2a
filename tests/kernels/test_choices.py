"""What is chosen for which CPU, and that each choice computes what the others do."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import config, njit

from fastnet.kernels import choices
from fastnet.kernels.choices import CHOICES, choose
from fastnet.kernels.simd import LANES, load, quick_divide, splat, sqrt, store

AVX512 = frozenset({"avx2", "avx512f", "avx512vl"})


@pytest.mark.parametrize(
    ("cpu", "features", "chosen"),
    [
        ("emeraldrapids", AVX512, (16, "refined", "packed", "back and forth", 0.5)),
        ("znver5", AVX512, (16, "divider", "in place", "forth", 0.4)),
        ("znver4", AVX512, (16, "divider", "in place", "forth", 0.65)),
        ("emeraldrapids", frozenset({"avx2"}), (8, "divider", "in place", "forth", 0.4)),
        ("haswell", frozenset({"avx2"}), (8, "divider", "in place", "forth", 0.4)),
        ("x86-64", frozenset(), (4, "divider", "in place", "forth", 0.4)),
        ("apple-m1", frozenset({"neon"}), (4, "divider", "in place", "forth", 0.4)),
    ],
)
def test_the_name_and_the_features_of_a_cpu_choose(cpu, features, chosen):
    assert choose(cpu, features) == chosen


@njit
def root_and_quotient(numbers, numerators, roots, quotients):
    for i in range(0, len(numbers), LANES):
        root = sqrt(load(numbers, (i,)))
        store(roots, (i,), root)
        store(quotients, (i,), quick_divide(load(numerators, (i,)), root + splat(1e-8)))


def test_roots_and_quotients_are_near_those_of_double_precision():
    """Of 0, denormal and huge numbers, too, as Adam's v may be."""
    rng = np.random.default_rng(0)
    special = [0, np.float32(1e-45), np.float32(1e-39), np.finfo(np.float32).tiny, 1, 4, np.finfo(np.float32).max]
    anywhere = 10 ** rng.uniform(-38, 38, 64 * LANES - len(special))
    numbers = np.concatenate([special, anywhere]).astype(np.float32)
    numerators = rng.standard_normal(len(numbers)).astype(np.float32)
    roots, quotients = np.empty_like(numbers), np.empty_like(numbers)
    root_and_quotient(numbers, numerators, roots, quotients)
    exact = np.sqrt(numbers.astype(np.float64))
    np.testing.assert_allclose(roots, exact, rtol=2 * np.finfo(np.float32).eps)
    np.testing.assert_allclose(quotients, numerators / (exact + 1e-8), rtol=6 * np.finfo(np.float32).eps, atol=1e-37)


def test_a_moment_that_overflowed_stops_its_weight_and_nothing_hides_a_diverged_one():
    numbers = np.resize(np.array([np.inf, np.inf, np.nan, 1], np.float32), LANES)
    numerators = np.resize(np.array([1, np.inf, 1, np.inf], np.float32), LANES)
    roots, quotients = np.empty_like(numbers), np.empty_like(numbers)
    with np.errstate(invalid="ignore"):  # without the JIT, NumPy warns
        root_and_quotient(numbers, numerators, roots, quotients)
    assert abs(quotients[0]) < 1e-37
    assert not np.isfinite(quotients[1:4]).any()


PROGRAM = """
import json
import numpy as np
from fastnet.kernels import adam_step, aligned_copy, aligned_empty, choices, linear_relu
rng = np.random.default_rng(0)
grad = rng.standard_normal(100) * 10 ** rng.uniform(-6, 2, 100)
param, m, v = rng.standard_normal(100), np.zeros(100), np.zeros(100)
param, grad, m, v = (aligned_copy(array) for array in (param, grad, m, v))
for step in range(1, 11):
    adam_step(param, grad, m, v, step, 1e-3, 0.9, 0.999, 1e-8)
x, w, b = (aligned_copy(rng.standard_normal(shape)) for shape in ((77, 300), (300, 70), (70,)))
out = aligned_empty((77, 70))
linear_relu(x, w, b, out)
print(json.dumps([choices.CHOICES, param.astype(float).tolist(), out.astype(float).tolist()]))
"""


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.skipif(LANES < 16, reason="all CPUs without AVX-512 choose the same")
def test_what_cpus_choose_differently_computes_the_same_on_a_cpu_that_can_do_both(tmp_path):
    """As on CPUs that choose either, by the name that Numba is told; packed strips leave every bit as it is."""
    _triple, _cpu, features = choices.cpu_target.target_context.codegen().magic_tuple()
    chosen, params, outs = [], [], []
    for name in ("sapphirerapids", "znver4"):
        told = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for results, result in zip((chosen, params, outs), json.loads(done.stdout), strict=True):
            results.append(result)
    assert chosen == [[16, "refined", "packed", "back and forth", 0.5], [16, "divider", "in place", "forth", 0.65]]
    np.testing.assert_allclose(params[0], params[1], rtol=1e-6, atol=1e-7)
    assert params[0] != params[1]  # or the name had no effect
    assert outs[0] == outs[1]


def test_the_machine_s_own_choice_is_one_of_those():
    assert CHOICES.lanes == LANES
    assert CHOICES.quotients in ("divider", "refined")
    assert CHOICES.strips in ("in place", "packed")
    assert CHOICES.shares in ("forth", "back and forth")
    assert CHOICES.most_active in (0.4, 0.5, 0.65)

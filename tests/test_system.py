"""What the machine is called."""

import os
import subprocess
import sys

import pytest

from fastnet import system


@pytest.mark.parametrize(
    ("makers", "llvm", "name"),
    [
        ("AMD EPYC", "znver4", "AMD EPYC (Zen 4)"),
        ("AMD EPYC", "znver5", "AMD EPYC (Zen 5)"),
        ("Intel(R) Xeon(R) Processor", "emeraldrapids", "Intel(R) Xeon(R) Processor (Emerald Rapids)"),
        ("Abacus 3000", "x86-64", "Abacus 3000"),
        ("AMD EPYC", "", "AMD EPYC"),
    ],
)
def test_a_cpu_is_told_with_its_microarchitecture_where_that_is_known(makers, llvm, name, monkeypatch):
    monkeypatch.setattr(system, "_makers_name", lambda: makers)
    monkeypatch.setattr(system, "_llvm_name", lambda: llvm)
    assert system.cpu_name() == system.environment()["cpu"] == name


@pytest.mark.parametrize(
    ("told", "features", "name"),
    [
        ("rocketlake", {"avx512f": True, "avx10.1": True, "avx10.2": False}, "graniterapids"),
        ("rocketlake", {"avx512f": True, "avx10.1": False}, "rocketlake"),
        ("diamondrapids", {"avx10.1": True, "avx10.2": True}, "diamondrapids"),
        ("znver5", {}, "znver5"),
    ],
)
def test_features_correct_a_model_that_a_virtual_machine_tells_falsely(told, features, name, monkeypatch):
    binding = pytest.importorskip("llvmlite.binding")
    monkeypatch.setattr(binding, "get_host_cpu_name", lambda: told)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert system._llvm_name() == name


def test_a_machine_keeps_its_name_while_another_cpu_is_emulated():
    command = [sys.executable, "-c", "from fastnet.system import environment; print(environment()['cpu'])"]
    emulated = {**os.environ, "NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
    assert subprocess.run(command, env=emulated, capture_output=True, text=True, check=True).stdout.strip() == (
        system.cpu_name()
    )

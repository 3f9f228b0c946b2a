"""What fastnet runs on: versions, CPU, threads, vector width."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from fastnet.errors import OptionError
from fastnet.kernels import numba_is_installed
from fastnet.packages import pip_install

NOT_INSTALLED = "not installed"

# Microarchitectures by LLVM's names of CPUs.
MICROARCHITECTURES = {
    "znver1": "Zen",
    "znver2": "Zen 2",
    "znver3": "Zen 3",
    "znver4": "Zen 4",
    "znver5": "Zen 5",
    "haswell": "Haswell",
    "broadwell": "Broadwell",
    "skylake": "Skylake",
    "skylake-avx512": "Skylake-SP",
    "cascadelake": "Cascade Lake",
    "icelake-server": "Ice Lake-SP",
    "tigerlake": "Tiger Lake",
    "alderlake": "Alder Lake",
    "raptorlake": "Raptor Lake",
    "sapphirerapids": "Sapphire Rapids",
    "emeraldrapids": "Emerald Rapids",
    "graniterapids": "Granite Rapids",
    "neoverse-n1": "Neoverse N1",
    "neoverse-n2": "Neoverse N2",
    "neoverse-v1": "Neoverse V1",
    "neoverse-v2": "Neoverse V2",
}


def environment() -> dict[str, Any]:
    """The facts that stand beside every figure: versions and machine; of the kernels only where there is Numba."""
    return {
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "numba": _version("numba"),
        "llvmlite": _version("llvmlite"),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_name(),
        "cpus": os.cpu_count(),
        **(_of_kernels() if numba_is_installed() else {}),
    }


def require_numba(instead: str = "") -> None:
    """OptionError where Numba is not installed: it says what to do, or to take `instead`."""
    if not numba_is_installed():
        advice = f", or take {instead}" if instead else ""
        raise OptionError(f"the fast kernels need Numba, which is not installed: {pip_install('numba')}{advice}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED


def _of_kernels() -> dict[str, Any]:
    from fastnet.kernels import choices, jit

    return {"threads": jit.get_threads(), "threading_layer": jit.threading_layer(), **choices.CHOICES._asdict()}


def cpu_name() -> str:
    """The CPU's name as its maker gives it and, where LLVM knows it, its microarchitecture: `AMD EPYC (Zen 4)`.

    Virtual machines are told the first alone, though CPUs of one name differ by a factor of two in speed.
    """
    makers, microarchitecture = _makers_name(), MICROARCHITECTURES.get(_llvm_name())
    return f"{makers} ({microarchitecture})" if microarchitecture else makers


def _llvm_name() -> str:
    """LLVM's name of this machine's CPU, whatever Numba is told to compile for; empty where there is no Numba."""
    if not numba_is_installed():
        return ""
    from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

    return _corrected(get_host_cpu_name(), get_host_cpu_features())


def _corrected(name: str, features: dict[str, bool]) -> str:
    """The name that fits the features: LLVM goes by the model, which some virtual machines tell falsely.

    Granite Rapids alone has AVX10.1 and not AVX10.2.
    """
    is_granite_rapids = features.get("avx10.1", False) and not features.get("avx10.2", False)
    return "graniterapids" if is_granite_rapids else name


def _makers_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()

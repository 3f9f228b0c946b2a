"""What fastnet runs on: versions, CPU, threads, vector width."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any


def environment() -> dict[str, Any]:
    """The facts that stand beside every figure: versions and machine."""
    from fastnet.kernels import jit, simd

    return {
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
        "llvmlite": metadata.version("llvmlite"),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_name(),
        "cpus": os.cpu_count(),
        "threads": jit.get_threads(),
        "threading_layer": jit.threading_layer(),
        "lanes": simd.LANES,
    }


def cpu_name() -> str:
    """The CPU's name as its maker gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()

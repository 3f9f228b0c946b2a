"""The kernels on arm64, as far as a machine without one can tell: what Numba hands to LLVM becomes NEON code.

With vectors of 4 lanes, as NEON has them, Numba's LLVM is kept before it is made machine code, and compiled once more
for arm64. It must hold nothing that only x86 knows, and products must be NEON's multiply-and-add.
"""

import json
import os
import platform
import subprocess
import sys

import pytest
from numba import config

PROGRAM = """
import json, re
import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core import codegen

TRIPLE = "aarch64-unknown-linux-gnu"
modules = {}
finalize = codegen.JITCodeLibrary._finalize_specific

def keep(library):
    modules[library.name] = str(library._final_module)
    finalize(library)

codegen.JITCodeLibrary._finalize_specific = keep

from fastnet.kernels import simd
process_triple, llvm.get_process_triple = llvm.get_process_triple, lambda: TRIPLE
from fastnet.kernels.denormals import flush_denormals, restore_denormals
llvm.get_process_triple = process_triple
from fastnet.kernels import activate, adam_step, aligned_copy, products

@numba.njit
def flush_and_restore():
    restore_denormals(flush_denormals())

@numba.njit
def first_task(x, w, b, out):
    products.multiply_add_task(x, w, b, True, out, 0)

def ones(*shape):
    return aligned_copy(np.ones(shape, np.float32))

flush_and_restore()
first_task(ones(8, 16), ones(16, 32), ones(32), ones(8, 32))
adam_step(ones(40), ones(40), ones(40), ones(40), 1, 0.001, 0.9, 0.999, 1e-8)
activate(ones(8, 16), "tanh")

llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
machine = llvm.Target.from_triple(TRIPLE).create_target_machine(cpu="generic", features="+neon", opt=3)
found = {"lanes": simd.LANES}
for name in ("flush_and_restore", "multiply_add_task", "_take_step", "activate_block"):
    text = re.sub('^target .*$|"target-(cpu|features)"="[^"]*"', "", modules[name], flags=re.MULTILINE)
    text = text.replace("@llvm.x86.atomic.", "@numba.runtime.").replace(" immarg", "")  # counts references, not ours
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = TRIPLE, str(machine.target_data)
    neon = re.findall(r"\\b(f\\w+)\\tv\\d+\\.4s", machine.emit_assembly(module))
    found[name] = {"x86": re.findall(r"llvm\\.x86[.\\w]*", text), "neon": sorted(set(neon))}
print(json.dumps(found))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="stands in for arm64 on x86-64")
@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
def test_kernels_become_neon_code(tmp_path):
    """Products, activations, Adam's roots, and the control of denormal numbers, which arm64 has not."""
    four_lanes = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse,+sse2"}
    environ = {**os.environ, **four_lanes, "NUMBA_CACHE_DIR": str(tmp_path)}  # of what is cached, no LLVM is known
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("lanes") == 4
    assert [code["x86"] for code in found.values()] == [[], [], [], []]
    assert "fmla" in found["multiply_add_task"]["neon"]
    assert {"fmla", "fdiv", "fsqrt"} <= set(found["_take_step"]["neon"])
    assert {"fmla", "fdiv"} <= set(found["activate_block"]["neon"])

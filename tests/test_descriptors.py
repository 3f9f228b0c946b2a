"""A server may have as many connections open as its system allows, not as many as systems begin with."""

import subprocess
import sys

import pytest

from fastnet.web.descriptors import WANTED

resource = pytest.importorskip("resource", reason="a system without limits of this kind")

LIMITED = """
import resource
from fastnet.web.descriptors import allow_many
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
for limits in ((256, hard), (256, 256)):
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    allow_many()
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_a_server_may_open_as_many_files_as_its_system_allows():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    told = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(wanted), "256"]

"""Processes beside the server: they compute, and those who serve pages go first. Knows no widget."""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from fastnet.interrupts import leave_to_parent
from fastnet.lifeline import end_with_parent


def start_beside(work: Callable[..., None], *args: Any, niceness: int) -> tuple[BaseProcess, Connection]:
    """Run `work(pipe, *args)` in a process of its own; returns it, and the other end of its pipe.

    It ends with the server. The more nice it is, the sooner it gives way to other processes.
    """
    context = get_context("spawn")  # a fork would take the server's threads and sockets along
    pipe, its_pipe = context.Pipe()
    process = context.Process(target=_run, args=(niceness, work, its_pipe, *args), daemon=True)
    process.start()
    its_pipe.close()
    return process, pipe


def _run(niceness: int, work: Callable[..., None], *args: Any) -> None:
    end_with_parent()
    leave_to_parent()
    if hasattr(os, "nice"):
        os.nice(niceness)
    work(*args)

"""The signals that ask a process to end: Ctrl-C, SIGTERM and SIGHUP are the same stop, each with its exit status.

The first of them is acted on. What follows within a second is part of it: a terminal that is closed, or `timeout`, may
send it twice. What comes later is impatience, and is left to whoever handled the signal before.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_SECONDS_OF_ONE_STOP = 1.0


class Interrupted(KeyboardInterrupt):
    """A signal asked for an end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def interrupt(number: int) -> None:
    """Raise `Interrupted`, wherever the program is."""
    raise Interrupted(number)


def exit_status(number: int) -> int:
    """What shells make of a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
    return 128 + number


def end(interruption: KeyboardInterrupt) -> int:
    """Say that a command was interrupted; returns its exit status."""
    print("fastnet: interrupted", file=sys.stderr)
    return exit_status(getattr(interruption, "number", signal.SIGINT))


def leave_to_parent() -> None:
    """Ignore what a terminal sends to all of its processes: that is the affair of the one that started this one."""
    for number in SIGNALS:
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def stops(act: Callable[[int], object]) -> Iterator[None]:
    """Have the first signal call `act` with its number while the block runs; those ignored, as by `nohup`, stay so."""
    if threading.current_thread() is not threading.main_thread():  # who else may not set what signals do
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    first: float | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal first
        now = time.monotonic()
        if first is None:
            first = now
            _forget_lost_terminal()
            act(number)
        elif now - first > _SECONDS_OF_ONE_STOP:
            signal.signal(number, before[number])
            signal.raise_signal(number)

    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    try:
        for number in handled:
            signal.signal(number, stop)
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


class Gate:
    """Lets signals through, but while it is entered: then they wait until it is left."""

    def __init__(self) -> None:
        self._is_closed = False
        self._came: list[int] = []

    def __enter__(self) -> None:
        self._is_closed = True

    def __exit__(self, *error: object) -> None:
        self._is_closed = False
        if self._came:
            self._let_through()

    def _let_through(self) -> None:
        """Raise the signals that came, in their order, each whatever the handlers of those before it raise."""
        came, self._came = self._came, []
        with ExitStack() as signals:
            for number in reversed(came):
                signals.callback(signal.raise_signal, number)

    def guarding(self, handler: Callable[[int, Any], object]) -> Callable[[int, Any], None]:
        """A handler that acts as another one, but not while the gate is closed."""

        def act(number: int, frame: Any) -> None:
            if self._is_closed:
                self._came.append(number)
            else:
                handler(number, frame)

        return act


@contextmanager
def gate() -> Iterator[Gate]:
    """A gate before the signals that are handled, in the main thread; handlers that are set meanwhile have none.

    It is put up once for many short blocks, as setting handlers takes longer than a step on little data.
    """
    gate = Gate()
    if threading.current_thread() is not threading.main_thread():  # to which signals do not come
        yield gate
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    before = {number: handler for number, handler in handlers.items() if callable(handler)}
    guards = {number: gate.guarding(handler) for number, handler in before.items()}
    try:
        for number, guard in guards.items():
            signal.signal(number, guard)
        yield gate
    finally:
        for number, guard in guards.items():
            if signal.getsignal(number) is guard:
                signal.signal(number, before[number])


@contextmanager
def held_back() -> Iterator[None]:
    """In the main thread, let signals that are handled wait until the block is done."""
    with gate() as closed, closed:
        yield


def _forget_lost_terminal() -> None:
    """Where the terminal was closed, have what is told go nowhere, rather than end whoever tells it."""
    for descriptor in (1, 2):
        try:
            os.write(descriptor, b"")
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)

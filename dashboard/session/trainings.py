"""One visitor's trainings: start, pause, resume and stop the process that trains, and hear how it gets on."""

import contextlib
import tempfile
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from fastnet.data.loading import BUNDLED
from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.training.recipe import Recipe

from ..server.places import Places
from ..server.quotas import Quotas
from ..worker.beside import start_beside
from ..worker.snapshot import ENDED, FAILED, PAUSED, PREPARING, STOPPED, Snapshot

MOST_RUNS = 8  # that can still be compared
NICENESS = 5
SECONDS_TO_END = 120.0  # for a training whose time is over: it is weighed and saved, or it is ended
SECONDS_BETWEEN_LOOKS = 1.0  # at the clock


class Trainings:
    """Trains one network at a time, if there is a place; `snapshot` is the training under way, or the last one.

    `earlier` are those before it, oldest first. A training is stopped when its time is over, whatever its page does,
    and goes on after a pause by itself: others wait for its place.
    """

    def __init__(
        self,
        places: Places | None = None,
        data: str = BUNDLED,
        quotas: Quotas | None = None,
        visitor: str | None = None,
    ):
        self._places = places or Places()
        self.visitor = visitor
        self._data = data
        self.quotas = quotas or Quotas()
        self._lock = threading.Lock()  # of all that follows
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.snapshot = Snapshot()
        self.earlier: tuple[Snapshot, ...] = ()

    def start(self, recipe: Recipe) -> None:
        """Begin a training; OptionError if one is under way, here or on another visitor's page."""
        with self._lock:
            if self.snapshot.is_active:
                raise OptionError("a training of yours is under way")
            place = object()
            if not self._places.take(place, self.visitor):
                raise OptionError("another visitor trains or measures, or has waited to; try again in a while")
            if self.snapshot.epochs:
                self.earlier = (*self.earlier, replace(self.snapshot, run=""))[-MOST_RUNS:]
            self._forget_run()
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="fastnet-", ignore_cleanup_errors=True)
                run = Path(self._folder.name) / "run"
                process, pipe = start_beside(_work, recipe, self._data, run, niceness=NICENESS)
            except FORESEEN as error:
                self._places.free(place)
                raise OptionError(f"the training cannot begin: {sentence_of(error)}") from error
            now = time.monotonic()
            ends = now + 60 * self.quotas.training_minutes
            self.snapshot = Snapshot(PREPARING, self.snapshot.number + 1, recipe, began=now, ends=ends)
            self._process, self._pipe = process, pipe
        threading.Thread(target=self._hear, args=(process, pipe, place), daemon=True).start()

    def pause(self) -> None:
        """Let the training wait after its step."""
        self._tell("pause")

    def resume(self) -> None:
        """Let it go on."""
        self._tell("resume")

    def stop(self) -> None:
        """End the training after its step; it is then weighed on the test set and its run can be saved."""
        with self._lock:
            if self.snapshot.state == PREPARING:
                self._abandon()
                self.snapshot = replace(self.snapshot, state=STOPPED)
        self._tell("stop")

    def give_way(self) -> None:
        """End a training under way that nobody watches, if another visitor waits for its place."""
        if self.snapshot.is_active and self._places.are_wanted:
            self.close()

    def close(self) -> None:
        """End the process, if there is one, and forget the run."""
        with self._lock:
            self._abandon()
            if self.snapshot.is_active:
                self.snapshot = replace(self.snapshot, state=STOPPED)
            self._forget_run()

    def _tell(self, command: str) -> None:
        with self._lock, contextlib.suppress(OSError):  # it has just ended
            if self._pipe:
                self._pipe.send(command)

    def _abandon(self) -> None:
        if self._process:
            self._process.terminate()
        self._process = self._pipe = None

    def _forget_run(self) -> None:
        if self._folder:
            self._folder.cleanup()
        self._folder = None
        self.snapshot = replace(self.snapshot, run="")

    def _hear(self, process: BaseProcess, pipe: Connection, place: object) -> None:
        """Take in what the process tells until it has ended; in a thread of its own."""
        try:
            self._listen(process, pipe, place)
        finally:  # a place that stays taken is lost to all
            with self._lock:
                pipe.close()
            process.join()
            self._places.free(place)
            if self.snapshot.is_active:
                how = "was ended, as its time was over" if self.snapshot.is_out_of_time else "ended unexpectedly"
                self._take_in(process, {"state": FAILED, "problem": f"the training {how}"})

    def _listen(self, process: BaseProcess, pipe: Connection, place: object) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                while not pipe.poll(SECONDS_BETWEEN_LOOKS):
                    self._look_at_clock(process)
                changes = pipe.recv()
                self._look_at_clock(process)
                if changes.get("state") in ENDED:
                    self._places.free(place)
                self._take_in(process, changes)

    def _take_in(self, process: BaseProcess, changes: dict[str, Any]) -> None:
        with self._lock:
            if process is self._process:  # not one that was abandoned
                self.snapshot = self.snapshot.and_then({**changes, **self._end_of_pause(changes)})

    def _end_of_pause(self, changes: dict[str, Any]) -> dict[str, Any]:
        """When a pause that begins or ends with these changes is over; nothing for other changes."""
        if "state" not in changes:
            return {}
        seconds = 60 * self.quotas.pause_minutes
        return {"goes_on": time.monotonic() + seconds if changes["state"] == PAUSED else None}

    def _look_at_clock(self, process: BaseProcess) -> None:
        """Stop the training whose time is over, and have one go on whose pause is."""
        now, snapshot = time.monotonic(), self.snapshot
        if process is not self._process or not snapshot.is_active or snapshot.ends is None:
            return
        if now > snapshot.ends + SECONDS_TO_END:
            process.kill()
        elif now > snapshot.ends and not snapshot.is_out_of_time:
            self._take_in(process, {"is_out_of_time": True})
            self.stop()
        elif snapshot.goes_on is not None and now > snapshot.goes_on:
            self._take_in(process, {"goes_on": None})
            self.resume()


def _work(*args: Any) -> None:
    """What the process runs; only there is imported what computes."""
    from ..worker.training import work

    work(*args)

"""The saved models that a visitor may delete, and the question before one is gone. Knows no widget."""

from typing import Any

import param

from fastnet.errors import FORESEEN

from .store import Store


class SavedModels(param.Parameterized):
    """What this visitor may delete: what was saved with the key of their browser, or anything on their own computer."""

    chosen: Any = param.Selector(
        default=None, objects=[], allow_None=True, check_on_set=True, doc="A model that may be deleted."
    )
    asked = param.String(default="", doc="The model whose deletion is in question; empty if none is.")
    told = param.String(default="", doc="What became of the last one: a sentence.")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        store.param.watch(self._offer, ["owner"])
        store.param.watch(self._offer, ["model"], what="objects")
        self._offer()

    def ask(self) -> None:
        """Ask whether the chosen model is to be deleted."""
        self.param.update(asked=self.chosen if self.chosen in self.param.chosen.objects else "", told="")

    def keep(self) -> None:
        """The answer is no."""
        self.asked = ""

    def delete(self) -> str:
        """The answer is yes; return a sentence about it. Any thread may call this."""
        name, shared = self.asked, self._store.shared
        job = shared.auditor.job(name)
        if job and job.is_running:
            return f"The audit of {name} is being computed; delete it afterwards"
        try:
            shared.library.delete(name, self._store.owner)
        except FORESEEN as error:
            sentence = shared.library.told(error)
            return sentence[0].upper() + sentence[1:]
        return f"Deleted {name!r}"

    def finish(self, sentence: str) -> None:
        """Tell what became of it."""
        self.param.update(asked="", told=sentence)
        self._offer()

    def _offer(self, *_: Any) -> None:
        names = self._store.shared.library.deletable(self._store.owner)
        self.param.chosen.objects = names
        if self.chosen not in names:
            self.chosen = names[0] if names else None
        if self.asked not in names:
            self.asked = ""

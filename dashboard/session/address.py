"""The page's address and the state, kept in step, so that a view can be shared. Knows no widget."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from fastnet.errors import DataError

from ..server.texts import shortened

MOST_CHARACTERS = 1000  # of a query; what stands after them is not read


@dataclass(frozen=True)
class _Link:
    owner: param.Parameterized
    name: str
    read: Callable[[str], Any]
    default: Any

    def follow(self, text: str | None) -> None:
        setattr(self.owner, self.name, self.default if text is None else self.read(shortened(text)))


class Address(param.Parameterized):
    """The query of the address: each linked parameter that differs from its default stands there under a key."""

    search = param.String(default="", doc="The query, such as `?tab=audit`; empty if all is as at first.")
    problem = param.String(default="", doc="What the address asks for and cannot be shown; empty if nothing.")

    def __init__(self, search: str = "") -> None:
        self._links: dict[str, _Link] = {}
        self._is_busy = False
        super().__init__(search=search)

    def link(self, key: str, owner: param.Parameterized, name: str, read: Callable[[str], Any] = str) -> None:
        """Keep parameter `name` of `owner` in the address under `key`; what is there already is set at once.

        `read` turns the text into a value, or raises DataError with a sentence about it; then the text is ignored. What
        the parameter is now is its default, which needs no key.
        """
        self._links[key] = _Link(owner, name, read, getattr(owner, name))
        if key in self._query():
            self._follow_links([key])
        owner.param.watch(self._tell, [name])

    @param.depends("search", watch=True)
    def _follow(self) -> None:
        """Another address came from the browser."""
        if not self._is_busy:
            self.problem = ""
            self._follow_links(list(self._links))

    def _follow_links(self, keys: list[str]) -> None:
        query = self._query()
        with self._busy():  # as a whole: one parameter may change another, whose key is yet to be read
            for key in keys:
                try:
                    self._links[key].follow(query.get(key))
                except DataError as error:
                    self.problem = "; ".join(filter(None, [self.problem, str(error)]))

    def _tell(self, *_: Any) -> None:
        if self._is_busy:
            return
        query = self._query()
        for key, link in self._links.items():
            query.pop(key, None)
            if (value := getattr(link.owner, link.name)) != link.default:
                query[key] = str(value)
        with self._busy():
            self.search = f"?{urlencode(query)}" if query else ""

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """While the address is followed or told, changes are of its own making; a tab may be built and link more."""
        before, self._is_busy = self._is_busy, True
        try:
            yield
        finally:
            self._is_busy = before

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(self.search[:MOST_CHARACTERS].removeprefix("?")))

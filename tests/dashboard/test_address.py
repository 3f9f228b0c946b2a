"""The address and the state keep in step, without a browser."""

import param
import pytest

from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.store import Store
from fastnet.errors import DataError


class State(param.Parameterized):
    colour = param.String(default="red")
    size = param.Integer(default=None)

    @param.depends("colour", watch=True)
    def _forget_size(self) -> None:
        self.size = None


def whole_number(text: str) -> int:
    if not text.isdecimal():
        raise DataError(f"the size {text!r} is none")
    return int(text)


def linked(search: str = "") -> tuple[State, Address]:
    state, address = State(), Address(search)
    address.link("colour", state, "colour")
    address.link("size", state, "size", whole_number)
    return state, address


def test_what_differs_from_the_default_stands_in_the_address():
    state, address = linked()
    assert address.search == ""
    state.size = 3
    assert address.search == "?size=3"
    state.colour = "a b&c"
    assert address.search == "?colour=a+b%26c"  # and the size is forgotten
    state.colour = "red"
    assert address.search == ""


def test_an_address_restores_the_state():
    state, address = linked("?size=3&colour=blue&unknown=1")
    assert (state.colour, state.size, address.problem) == ("blue", 3, "")
    other = State(colour="red")
    address.link("other", other, "colour")  # linked later, as by a tab that is opened later
    other.colour = "green"
    assert dict(part.split("=") for part in address.search[1:].split("&")) == {
        "size": "3",
        "colour": "blue",
        "unknown": "1",
        "other": "green",
    }


def test_what_is_linked_while_the_address_is_followed_is_restored_too():
    """A tab is opened by the address, and links what can be chosen in it."""
    outer, inner, address = State(), State(), Address("?colour=blue&size=3")
    outer.param.watch(lambda _: address.link("size", inner, "size", whole_number), ["colour"])
    address.link("colour", outer, "colour")
    assert inner.size == 3
    inner.size = None
    assert address.search == "?colour=blue"


def test_going_back_restores_the_state_as_a_whole():
    state, address = linked()
    state.colour, state.size = "blue", 3
    shared = address.search
    address.search = "?size=5"
    assert (state.colour, state.size) == ("red", 5)
    address.search = ""
    assert (state.colour, state.size) == ("red", None)
    address.search = shared
    assert (state.colour, state.size, address.search) == ("blue", 3, shared)


def test_a_bad_value_is_ignored_with_a_sentence():
    state, address = linked("?size=big&colour=blue")
    assert (state.colour, state.size) == ("blue", None)
    assert address.problem == "the size 'big' is none"
    address.link("other", State(), "size", whole_number)
    assert address.problem == "the size 'big' is none"
    address.search = "?size=4"
    assert (state.size, address.problem) == (4, "")


@pytest.mark.parametrize("search", ["?", "?&&=", "?model", "?model=%ff", "?tab=x;y", "no query"])
def test_no_address_is_refused_with_an_error(search):
    assert Store(Address(search)).predictor is not None


def test_the_model_stands_in_the_address():
    store = Store(Address("?model=mnist-784-512-10"))
    assert store.model == "mnist-784-512-10"
    bad = Store(Address("?model=../secret"))
    assert bad.model == Store().model
    assert bad.address.problem == "the address asks for the model '../secret', which is not here"

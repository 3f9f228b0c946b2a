"""How much an address may ask for, and who an address is."""

import pytest
from tornado.httputil import HTTPHeaders

from fastnet.web import limits
from fastnet.web.limits import Bucket, Limit, Limits, Streams, counted_as
from fastnet.web.proxies import Proxies

HOME, OTHER = "192.0.2.1", "192.0.2.2"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Stream:
    is_closed = False

    def closed(self) -> bool:
        return self.is_closed


def test_so_many_at_once_and_then_one_in_so_many_seconds():
    clock = Clock()
    bucket = Bucket(Limit("pages", "", burst=3, seconds=2), clock)
    assert [bucket.take(HOME) for _ in range(5)] == [0, 0, 0, 2, 2]
    assert bucket.take(OTHER) == 0
    clock.now += 1.5
    assert bucket.take(HOME) == 0.5
    clock.now += 0.5
    assert [bucket.take(HOME) for _ in range(2)] == [0, 2]
    clock.now += 100
    assert [bucket.take(HOME) for _ in range(4)] == [0, 0, 0, 2]


def test_addresses_that_ask_no_more_are_forgotten(monkeypatch):
    monkeypatch.setattr(limits, "_MANY", 10)
    clock = Clock()
    bucket = Bucket(Limit("pages", "", burst=3, seconds=2), clock)
    for number in range(1000):
        clock.now += 1
        bucket.take(f"192.0.2.{number}")
    assert len(bucket._full) <= 10


def test_the_first_limit_that_fits_a_path_counts():
    given = Limits([Limit("files", "/static/", 1000, 1), Limit("pages", "", 1, 60)], sockets=1, connections=1)
    assert given.take(HOME, "/") == (0, "pages")
    assert given.take(HOME, "/static/a.js") == (0, "files")
    seconds, what = given.take(HOME, "/other")
    assert seconds > 0
    assert what == "pages"


def test_open_connections_are_counted_for_each_address():
    given = Streams(2)
    streams = [Stream() for _ in range(5)]
    assert [given.hold(HOME, stream) for stream in streams[:3]] == [True, True, False]
    assert given.hold(OTHER, streams[3])
    streams[0].is_closed = True
    assert given.hold(HOME, streams[4])
    assert given.hold(HOME, streams[4])  # the same is counted once
    assert not given.hold(HOME, streams[3])


def test_addresses_without_open_connections_are_forgotten(monkeypatch):
    monkeypatch.setattr(limits, "_MANY", 10)
    given = Streams(1)
    for number in range(1000):
        stream = Stream()
        assert given.hold(f"192.0.2.{number}", stream)
        stream.is_closed = True
    assert len(given._open) <= 10


def test_a_subscriber_of_ip_version_6_is_one_whatever_the_second_half():
    assert counted_as("2001:db8:1:2::1") == counted_as("2001:db8:1:2:ffff::9") != counted_as("2001:db8:1:3::1")
    assert counted_as("192.0.2.1") != counted_as("192.0.2.2")
    assert counted_as("fe80::1%eth0")


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is the client's own invention
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("203.0.113.50", "198.51.100.1", "203.0.113.50"),  # no proxy of ours
    ],
)
def test_only_a_trusted_proxy_is_believed_for_whom_it_asks(peer, told, client):
    proxies = Proxies(["10.0.0.0/8"])
    assert proxies.client(peer, HTTPHeaders({"X-Forwarded-For": told})) == client


def test_only_a_trusted_proxy_is_believed_how_the_browser_asks():
    proxies, headers = Proxies(["10.0.0.1"]), HTTPHeaders({"X-Forwarded-Proto": "https"})
    assert proxies.scheme("10.0.0.1", "http", headers) == "https"
    assert proxies.scheme("10.0.0.2", "http", headers) == "http"
    assert proxies.scheme("10.0.0.1", "http", HTTPHeaders({"X-Forwarded-Proto": "javascript"})) == "http"
    assert Proxies().client("127.0.0.1", HTTPHeaders({"X-Forwarded-For": "203.0.113.9"})) == "127.0.0.1"

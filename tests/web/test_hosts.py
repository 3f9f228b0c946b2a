"""Which names a server answers to, and which pages it trusts."""

import pytest

from fastnet.web.hosts import Hosts

HOSTS = Hosts("192.0.2.7", 5006, ["digits.example.org", "b.example:81", "*.lab.example", "[2001:db8::1]"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5006",
        "localhost:8000",  # a tunnel's
        "127.0.0.1:5006",
        "[::1]:5006",
        "192.0.2.7:5006",
        "digits.example.org",
        "digits.example.org:443",
        "Digits.Example.org:5006",
        "b.example:81",
        "one.lab.example",
        "[2001:db8::1]",
    ],
)
def test_a_server_answers_to_its_own_names_and_those_allowed(host):
    assert HOSTS.know(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:5006",
        "digits.example.org.evil.example",
        "evil-digits.example.org",
        "digits.example.org:8443",
        "b.example",
        "lab.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost, evil.example",
        "localhost/evil.example",
        "localhost:5006:5006",
        "127.0.0.2",
        "0.0.0.0",
        "[::2]",
        "localhost\n",
    ],
)
def test_it_answers_to_no_other(host):
    assert not HOSTS.know(host)


@pytest.mark.parametrize(
    ("origin", "host", "is_trusted"),
    [
        ("http://localhost:5006", "localhost:5006", True),
        ("http://[::1]:5006", "[::1]:5006", True),
        ("https://digits.example.org", "digits.example.org", True),
        ("https://digits.example.org", "localhost:5006", True),  # a proxy that keeps Host to itself
        ("http://digits.example.org", "digits.example.org:80", True),
        ("http://localhost:8888", "localhost:5006", False),  # another server of this computer
        ("http://evil.example", "localhost:5006", False),
        ("http://localhost:5006.evil.example", "localhost:5006", False),
        ("http://evil.example@localhost:5006", "localhost:5006", False),
        ("null", "localhost:5006", False),
        ("", "localhost:5006", False),
        ("file://localhost:5006", "localhost:5006", False),
        ("localhost:5006", "localhost:5006", False),
    ],
)
def test_a_page_is_trusted_that_is_the_servers_own_or_of_an_allowed_host(origin, host, is_trusted):
    assert HOSTS.trust(origin, host) == is_trusted

"""The page behind nginx as docs/serving.md has it: a prefix, HTTPS, websockets; and HTTPS without a proxy."""

import base64
import contextlib
import hashlib
import http.client
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..conftest import CHROMIUM, FLAGS, MILLISECONDS, PATIENCE
from ..test_documents import ROOT, blocks
from .conftest import RETURNING, SIZES, serving, watch
from .test_browser import SEVEN, answer, draw

DOCUMENT = ROOT / "docs" / "serving.md"
NAME = "digits.example.org"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
# What Debian's nginx.conf has around the files of sites, with all that it writes in one directory.
AROUND = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
    {site}
}}
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A self-signed certificate, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    certificate, key = directory / "digits.pem", directory / "digits.key"
    names = f"subjectAltName=DNS:{NAME},DNS:localhost"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture(scope="module")
def behind_nginx(certificate, tmp_path_factory) -> Iterator[str]:
    """Where nginx and `fastnet dashboard` serve the page, as the document shows but for ports and files."""
    if not NGINX and os.environ.get("CI") != "true":  # CI must not skip
        pytest.skip("nginx is not installed")
    (site,) = blocks(DOCUMENT, "nginx")
    (line,) = [line for line in "\n".join(blocks(DOCUMENT, "sh")).splitlines() if "--trust-proxy" in line]
    port = free_port()
    command = ["-P", "-m", *shlex.split(line.replace(NAME, f"{NAME}:{port}")), "--port"]
    with serving(command) as root:
        for shown, here in (
            ("listen 443", f"listen 127.0.0.1:{port}"),
            ("/etc/ssl/digits.pem", str(certificate[0])),
            ("/etc/ssl/digits.key", str(certificate[1])),
            ("http://127.0.0.1:5006", root.rstrip("/").replace("localhost", "127.0.0.1")),
        ):
            assert shown in site
            site = site.replace(shown, here)
        directory = tmp_path_factory.mktemp("nginx")
        (directory / "nginx.conf").write_text(AROUND.format(site=site), encoding="utf-8")
        command = [NGINX or "nginx", "-p", str(directory), "-c", "nginx.conf", "-e", "stderr"]
        with subprocess.Popen(command) as nginx:
            try:
                wait_for_page(port, "/digits/")
                yield f"https://{NAME}:{port}/digits/"
            finally:
                nginx.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def ask(port: int, path: str, headers=(), name: str = NAME, source: tuple[str, int] | None = None):
    """Ask by HTTPS whom nobody certified; the response, whatever it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with closing(
        http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, source_address=source, context=context)
    ) as connection:
        connection.request("GET", path, headers={"Host": f"{name}:{port}", **dict(headers)})
        response = connection.getresponse()
        response.read()
        return response


def wait_for_page(port: int, path: str, name: str = NAME) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if ask(port, path, name=name).status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(path)


def fingerprint(certificate: Path) -> str:
    """What a browser knows a certificate's key by."""
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-pubkey"]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    command = ["openssl", "pkey", "-pubin", "-outform", "der"]
    key = subprocess.run(command, check=True, capture_output=True, input=public).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def read_a_drawing(browser, url: str, certificate: Path) -> None:
    """Draw a digit at the address, in a browser that knows its name, and see it read; nothing comes from elsewhere.

    The browser trusts the key. One that is told to ignore faults of certificates begins each connection twice, keeps
    nothing, and gives up with ERR_TOO_MANY_RETRIES where it has to do so too often.
    """
    from playwright.sync_api import expect

    flags = [*FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    flags += [f"--ignore-certificate-errors-spki-list={fingerprint(certificate)}"]
    with closing(browser.browser_type.launch(executable_path=CHROMIUM, args=flags)) as own:
        context = own.new_context(viewport=SIZES["desk"])
        context.add_init_script(RETURNING.replace("http:", "https:"))
        page = context.new_page()
        page.set_default_timeout(MILLISECONDS)
        faults: list[str] = []
        watch(page, url, faults)
        page.goto(url)
        draw(page, SEVEN)
        expect(answer(page)).to_have_text("7")
        assert faults == []


def test_a_drawing_is_read_through_the_proxy_of_the_document(behind_nginx, certificate, browser):
    read_a_drawing(browser, behind_nginx, certificate[0])


def test_the_page_is_below_its_prefix_alone(behind_nginx):
    port = urlsplit(behind_nginx).port
    assert ask(port, "/digits/").status == 200
    assert ask(port, "/").status == 404
    assert ask(port, "/digits/nowhere").status == 404


def test_the_proxy_is_asked_by_https_and_says_so(behind_nginx):
    assert ask(urlsplit(behind_nginx).port, "/digits/").headers["Strict-Transport-Security"].startswith("max-age=")


def test_who_asks_the_proxy_is_counted_not_the_proxy_nor_whom_it_invents(behind_nginx):
    port = urlsplit(behind_nginx).port
    source = ("127.0.0.2", 0)
    statuses = [
        ask(port, "/digits/nowhere", {"X-Forwarded-For": f"203.0.113.{number}"}, source=source).status
        for number in range(60)
    ]
    assert statuses[:40] == [404] * 40
    assert 429 in statuses
    assert ask(port, "/digits/").status == 200


def test_a_name_that_is_the_proxys_alone_is_refused(behind_nginx):
    assert ask(urlsplit(behind_nginx).port, "/digits/", name="evil.example").status == 403


def test_the_page_is_served_by_https_without_a_proxy(certificate, browser):
    files = ["--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]
    with serving(["-P", "-m", "fastnet", "dashboard", *files, "--port"]) as root:
        port = urlsplit(root).port
        wait_for_page(port, "/", "localhost")
        headers = ask(port, "/", name="localhost").headers
        assert headers["Strict-Transport-Security"] is None  # it would hold for all servers of this computer
        read_a_drawing(browser, f"https://localhost:{port}/", certificate[0])

"""Where the browser is, read out of a request: Panel fails at an address of IP version 6, and at a second `?`."""

from functools import cache
from urllib.parse import urlsplit

from panel.io import location

from fastnet.web.hosts import split_host


@cache  # `panel serve` runs the app anew for each session
def read_locations() -> None:
    """Have Panel read the location of each session of this process so."""
    location._get_location_params = location_of


def location_of(protocol: str | None, host: str | None, uri: str | None) -> dict[str, str]:
    """The parts of a location, by the names of the DOM, of a request; those that are there."""
    url = urlsplit(uri or "")
    hostname, port = split_host(host or "") or ("", "")
    parts = {
        "protocol": f"{protocol}:" if protocol else "",
        "hostname": hostname,
        "port": port,
        "pathname": url.path,
        "search": f"?{url.query}" if url.query else "",
        "hash": f"#{url.fragment}" if url.fragment else "",
        "href": f"{protocol or 'http'}://{host}{uri or ''}" if host else uri or "",
    }
    return {name: part for name, part in parts.items() if part}

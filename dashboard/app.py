"""The dashboard as a web server: `serve()`, or `panel serve dashboard/app.py`."""

from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui
from threadpoolctl import threadpool_limits

# Absolute: `panel serve` runs this file as a script outside its package.
from fastnet.dashboard.address import Address
from fastnet.dashboard.store import Store
from fastnet.dashboard.views.page import build_page
from fastnet.dashboard.websockets import send_promptly

MOST_MESSAGE_BYTES = 20 * 2**20  # Bokeh's own limit, which `panel serve` keeps too

send_promptly()
threadpool_limits(1, user_api="blas")  # many small products at once: BLAS threads would only wait for each other


def create_app() -> pmui.Page:
    """The page for one session."""
    location = pn.state.location  # None if no browser asks
    return build_page(Store(Address(location.search if location else "")))


def serve(
    port: int = 5006, address: str = "localhost", allow_origins: Sequence[str] = (), open_browser: bool = False
) -> None:
    """Serve the dashboard until it is interrupted; only this computer can reach it under the default address.

    `allow_origins` are further hosts, with their ports, under which browsers may see the page.
    """
    here = {f"{host}:{port}" for host in (address, "localhost", "127.0.0.1")}
    pn.serve(
        {"/": create_app},
        port=port,
        address=address,
        websocket_origin=sorted(here.union(allow_origins)),
        websocket_max_message_size=MOST_MESSAGE_BYTES,
        show=open_browser,
        title="fastnet",
    )


if pn.state.served:
    create_app().servable()

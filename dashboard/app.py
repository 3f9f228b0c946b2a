"""The dashboard as a web server: `serve()`, or `panel serve dashboard/app.py`."""

import panel as pn
import panel_material_ui as pmui

# Absolute: `panel serve` runs this file as a script outside its package.
from fastnet.dashboard.store import Store
from fastnet.dashboard.views import build_page


def create_app() -> pmui.Page:
    """The page for one session."""
    return build_page(Store())


def serve(port: int = 5006, address: str = "localhost", open_browser: bool = False) -> None:
    """Serve the dashboard until it is interrupted; only this computer can reach it under the default address."""
    origins = [f"{host}:{port}" for host in {address, "localhost", "127.0.0.1"}]
    pn.serve(
        {"/": create_app}, port=port, address=address, websocket_origin=origins, show=open_browser, title="fastnet"
    )


if pn.state.served:
    create_app().servable()

"""The dashboard as a web server: `serve()`, or `panel serve dashboard/app.py`."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
from panel.io.resources import get_dist_path
from threadpoolctl import threadpool_limits

from fastnet.dashboard.server.library import DIRECTORY, RUNS, Library
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.server.ports import find_port, named_in_errors
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.server.websockets import send_promptly

# Absolute: `panel serve` runs this file as a script outside its package.
from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views.page import build_page
from fastnet.data.loading import BUNDLED

TOKEN_SECONDS = 7 * 24 * 3600  # for which a page that lost its line may take its session up; Bokeh's own are 300
MOST_MESSAGE_BYTES = 20 * 2**20  # Bokeh's own limit, which `panel serve` keeps too


def prepare_process() -> None:
    """Set what holds for the whole of a process that serves."""
    send_promptly()
    threadpool_limits(1, user_api="blas")  # many small products at once: BLAS threads would only wait for each other


def create_app(shared: Shared | None = None) -> pmui.Page:
    """The page for one session of the server that shares this."""
    location = pn.state.location  # None if no browser asks
    keep_to_this_server()
    store = Store(Address(location.search if location else ""), shared or default_shared())
    follow_session(store)
    return build_page(store)


@cache  # `panel serve` runs the app anew for each session
def default_shared() -> Shared:
    """What sessions share when nobody gave options."""
    return Shared()


def keep_to_this_server() -> None:
    """Have the session's style sheets come from here.

    Panel does so for a session that the request for the page began. One that the websocket began, as happens where the
    page waited long for it or another process answers, would send the browser to a CDN.
    """
    if pn.state.curdoc:
        pn.state.curdoc.template_variables["dist_url"] = get_dist_path(cdn=False)


def follow_session(store: Store) -> None:
    """Tell the store of models that others save, and when its session is over."""
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        return

    def tell(name: str) -> None:
        document.add_next_tick_callback(partial(store.model_saved, name))

    end = store.shared.library.listen(tell)

    def close(context: object) -> None:
        end()
        store.close()

    pn.state.on_session_destroyed(close)


def serve(
    port: int = 5006,
    address: str = "localhost",
    allow_origins: Sequence[str] = (),
    open_browser: bool = False,
    models: Path = DIRECTORY,
    data: str = BUNDLED,
    trainings: int = 1,
    runs: Path = RUNS,
    on_ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Serve the dashboard until it is interrupted; only this computer can reach it under the default address.

    Port 0 is any that is free; `on_ready` is told the port once the server has it. `allow_origins` are further hosts,
    with their ports, under which browsers may see the page. `models` is where models that people train are saved,
    `runs` where the command line trains, `data` what they train on (in the words of `load_dataset`), `trainings` how
    many may run at once. Trainings have processes of their own, so a script calls this under
    `if __name__ == "__main__"`. OptionError if the port cannot be had.
    """
    port = find_port(address, port)
    prepare_process()
    shared = Shared(Library(models, runs), data, Places(trainings))
    here = {f"{host}:{port}" for host in (address, "localhost", "127.0.0.1")}
    with named_in_errors(address, port):
        server = pn.serve(
            {"/": lambda: create_app(shared)},
            port=port,
            address=address,
            websocket_origin=sorted(here.union(allow_origins)),
            websocket_max_message_size=MOST_MESSAGE_BYTES,
            session_token_expiration=TOKEN_SECONDS,
            show=open_browser,
            title="fastnet",
            start=False,
            verbose=False,
        )
    on_ready(port)
    server.start()
    server.io_loop.start()


if pn.state.served:
    prepare_process()
    create_app().servable()

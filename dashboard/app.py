"""The dashboard as a web server: `serve()`, or `panel serve dashboard/app.py`."""

import signal
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import panel as pn
import panel_material_ui as pmui
from panel.io.resources import get_dist_path
from threadpoolctl import threadpool_limits

from fastnet.dashboard.server.definitions import leave_folder_out
from fastnet.dashboard.server.guarding import guard, guarded
from fastnet.dashboard.server.library import DIRECTORY, RUNS
from fastnet.dashboard.server.lines import watch_lines, when_slowed_down
from fastnet.dashboard.server.location import read_locations
from fastnet.dashboard.server.logs import keep_log_short
from fastnet.dashboard.server.quotas import Quotas, Role, role_of
from fastnet.dashboard.server.sessions import limit_sessions
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.server.unfinished import MOST_MESSAGE_BYTES, bound_unfinished
from fastnet.dashboard.server.unreadable import refuse_unreadable
from fastnet.dashboard.server.websockets import leave_in_silence, send_all, send_early_changes, send_promptly

# Absolute: `panel serve` runs this file as a script outside its package.
from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views.page import build_page
from fastnet.data.loading import BUNDLED
from fastnet.web.api import routes
from fastnet.web.descriptors import allow_many
from fastnet.web.ending import answer_until, signal_noted
from fastnet.web.handler import Api
from fastnet.web.limits import counted_as
from fastnet.web.ports import find_port, named_in_errors
from fastnet.web.processes import Forked, is_first
from fastnet.web.reading import Readers
from fastnet.web.serving import HERE, Serving

TOKEN_SECONDS = 7 * 24 * 3600  # for which a page that lost its line may take its session up; Bokeh's own are 300
N_READERS = 1  # processes that read pictures for programs: those who draw and train go first


def prepare_process() -> None:
    """Set what holds for the whole of a process that serves."""
    allow_many()
    keep_log_short()
    send_promptly()
    send_all()
    send_early_changes()
    leave_in_silence()
    refuse_unreadable()
    bound_unfinished()
    read_locations()
    leave_folder_out()
    watch_lines()
    threadpool_limits(1, user_api="blas")  # many small products at once: BLAS threads would only wait for each other


def create_app(shared: Shared | None = None) -> pmui.Page:
    """The page for one session of the server that shares this."""
    location = pn.state.location  # None if no browser asks
    keep_to_this_server()
    store = Store(Address(location.search if location else ""), shared or default_shared(), visitor())
    follow_session(store)
    return build_page(store)


def visitor() -> str | None:
    """Who began the session, by their address; None if no browser asked."""
    context = pn.state.curdoc and pn.state.curdoc.session_context
    address = getattr(getattr(context, "request", None), "remote_ip", None)
    return counted_as(address) if address else None


@cache  # `panel serve` runs the app anew for each session
def default_shared() -> Shared:
    """What sessions share when nobody gave options: where `panel serve` can be reached from, it does not tell."""
    return Shared.open_to(Role.MAKERS, Quotas())


def keep_to_this_server() -> None:
    """Have the session's style sheets come from here.

    Panel does so for a session that the request for the page began. One that the websocket began, as happens where the
    page waited long for it or another process answers, would send the browser to a CDN.
    """
    if pn.state.curdoc:
        pn.state.curdoc.template_variables["dist_url"] = get_dist_path(cdn=False)


def follow_session(store: Store) -> None:
    """Tell the store of models that others save or delete, and when its session is over."""
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        return

    def tell(name: str) -> None:
        document.add_next_tick_callback(partial(store.models_changed, name))

    ends = [
        store.shared.library.listen(tell),
        when_slowed_down(document, partial(setattr, store, "notice")),
        store.close,
    ]

    def close(context: object) -> None:
        for end in ends:
            end()

    pn.state.on_session_destroyed(close)


def serve(
    serving: Serving = HERE,
    open_browser: bool = False,
    models: Path = DIRECTORY,
    data: str = BUNDLED,
    trainings: int = 1,
    runs: Path = RUNS,
    on_ready: Callable[[Serving], None] = lambda serving: None,
    is_public: bool = False,
    quotas: Quotas | None = None,
    reports: tuple[Path, ...] = (),
) -> int:
    """Serve the dashboard until a signal asks for the end, and return its number; by default, for this computer alone.

    Port 0 is any that is free; `on_ready` is told how it is served once the server has its port. `models` is where
    models that people train are saved, `runs` where the command line trains, `data` what they train on (in the words of
    `load_dataset`), `trainings` how many may run at once. Where `is_public`, visitors read and learn, and nothing else;
    `quotas` say how much of the server there is for them. `reports` are files of what `fastnet benchmark --kernel`
    printed as JSON, which the tab Benchmark shows. Trainings have processes of their own, so a script calls this
    under `if __name__ == "__main__"`. OptionError if the port cannot be had, or there is no such certificate.
    """
    serving = replace(serving, port=find_port(serving.address, serving.port))
    prepare_process()
    quotas = quotas or Quotas()
    limit_sessions(quotas.sessions)
    shared = Shared.open_to(role_of(serving, is_public), quotas, models, runs, data, trainings, reports)
    api = Api(shared.library, Readers(N_READERS), serving.sites())
    forked = Forked()
    at_ctrl_c = signal.getsignal(signal.SIGINT)
    with named_in_errors(serving.address, serving.port):
        server = pn.serve(
            {"/": lambda: create_app(shared)},
            port=serving.port,
            address=serving.address,
            prefix=serving.prefix,
            num_procs=serving.processes,
            extra_patterns=routes(api),
            websocket_max_message_size=MOST_MESSAGE_BYTES,
            session_token_expiration=TOKEN_SECONDS,
            show=False,
            title="fastnet",
            start=False,
            verbose=False,
            **guarded(serving),
        )
    with suppress(ValueError):  # in a thread that may set no handlers, Panel has set none
        signal.signal(signal.SIGINT, at_ctrl_c)  # Panel's would leave the loop at once
    forked.begun()
    guard(server, serving)
    with signal_noted(server.io_loop.asyncio_loop) as end:
        if is_first():
            on_ready(serving)
        if open_browser and is_first():
            webbrowser.open(serving.url)
        server.start()
        try:
            number: int = server.io_loop.run_sync(partial(answer_until, end, server._http, api))
            return number
        finally:
            api.readers.close()
            shared.close()


if pn.state.served:
    prepare_process()
    create_app().servable()

"""How many sessions there are at once: one too many is told so, and when to come again."""

from typing import Any

from bokeh.server.contexts import ApplicationContext
from bokeh.server.session import ServerSession
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler
from tornado.web import HTTPError, RequestHandler

SENTENCE = "all places of this server are taken; try again in a minute"
SECONDS = 60  # after which to try again
SECONDS_UNSEEN = 20.0  # that a session without a browser keeps its place when others want one

_CLOSED_FOR_NOW = 1013  # a websocket's code
_PAGE = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>fastnet</title><h1>fastnet</h1><p>{SENTENCE[0].upper()}{SENTENCE[1:]}.</p></html>
"""
_most: list[int] = []  # sessions at once; none where nothing was said


class FullError(HTTPError):
    """There is no place for another session."""

    def __init__(self) -> None:
        super().__init__(503, SENTENCE)


def limit_sessions(most: int) -> None:
    """Let this process have no more sessions than that."""
    if not _most:
        _watch_sessions()
    _most[:] = [most]


def _watch_sessions() -> None:
    create, open_line, write_error = (
        ApplicationContext.create_session_if_needed,
        WSHandler._async_open,
        RequestHandler.write_error,
    )

    async def create_if_there_is_room(self: ApplicationContext, session_id: Any, *args: Any, **more: Any) -> Any:
        sessions = self._sessions
        if session_id not in sessions and len(sessions) + len(self._pending_sessions) >= _most[0]:
            _let_unseen_end(list(sessions.values()))
            raise FullError
        return await create(self, session_id, *args, **more)

    async def open_if_there_is_room(self: WSHandler, token: str) -> None:
        try:
            await open_line(self, token)
        except FullError:
            self.close(_CLOSED_FOR_NOW, SENTENCE)

    def write_friendly_error(self: RequestHandler, status_code: int, **kwargs: Any) -> None:
        if isinstance(kwargs.get("exc_info", (None, None))[1], FullError):
            self.set_header("Retry-After", str(SECONDS))
            self.finish(_PAGE)
        else:
            write_error(self, status_code, **kwargs)

    ApplicationContext.create_session_if_needed = create_if_there_is_room  # type: ignore[method-assign]
    WSHandler._async_open = open_if_there_is_room  # type: ignore[method-assign]
    SessionHandler.write_error = write_friendly_error  # type: ignore[method-assign]


def _let_unseen_end(sessions: list[ServerSession]) -> None:
    """Have sessions that no browser has looked at for a while end when the server next looks for such, in seconds."""
    for session in sessions:
        if not session.connection_count and session.milliseconds_since_last_unsubscribe > 1000 * SECONDS_UNSEEN:
            session.request_expiration()

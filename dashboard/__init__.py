"""The dashboard: a Panel page in which people try a trained network on pictures of digits.

Rooms by lifetime: `server/` is there for all visitors, `session/` for one, `worker/` is a process for one job; `views/`
shows a session, `app` serves the page. Nothing is imported here, because Panel takes seconds to load.
"""

"""How many files and connections a process may have open: systems often begin with 1,024, and allow more."""

import contextlib

WANTED = 16_384


def allow_many() -> None:
    """Have this process open as many as are wanted, or as its system lets it; no fewer than before."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # on Windows; where even that is refused
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

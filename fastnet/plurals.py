"""So many of a thing, in words."""


def counted(n: int, noun: str) -> str:
    """The number and the noun, with an s but for one: "1 digit", "2 digits"."""
    return f"{n:,} {noun if n == 1 else f'{noun}s'}"

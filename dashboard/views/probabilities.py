"""How the page writes a probability, wherever one stands."""


def percent(probability: float) -> str:
    """One decimal; nothing is quite certain."""
    return ">99.9%" if probability > 0.9995 else f"{probability:.1%}"

"""How the page writes a probability, wherever one stands."""

from fastnet.models.probabilities import in_percent


def percent(probability: float) -> str:
    """As the command line does, with one decimal."""
    return in_percent(probability, 1)

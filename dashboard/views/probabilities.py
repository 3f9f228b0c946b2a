"""How the page writes a probability, wherever one stands."""


def percent(probability: float) -> str:
    """One decimal; nothing is quite certain, and nothing quite impossible."""
    if probability < 0.0005:
        return "<0.1%"
    return ">99.9%" if probability > 0.9995 else f"{probability:.1%}"

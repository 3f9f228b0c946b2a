"""How strongly training images are distorted, in pixels and degrees."""

from dataclasses import dataclass
from typing import Any

from .errors import OptionError


@dataclass(frozen=True)
class Augmentation:
    """Strengths of distortions; OptionError for what makes no sense.

    Each image gets numbers of its own, uniformly from -strength to strength, of rotation and shear, of the logarithm of
    1 + scale and 1 + aspect, of the shift along either axis, and of thickness. The elastic displacement field is
    Simard's (2003): `elastic` is its root mean square along either axis, `smoothness` the sigma of its Gaussian.
    """

    rotation: float = 10.0  # degrees
    scale: float = 0.1  # a share: 0.1 makes digits up to 10 % larger or smaller
    aspect: float = 0.1  # a share, of height to width
    shear: float = 10.0  # degrees
    shift: float = 1.0  # pixels
    elastic: float = 1.0  # pixels
    smoothness: float = 6.0  # pixels
    thickness: float = 0.0  # pixels by which either side of a stroke moves out or in

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            is_number = isinstance(value, float) or type(value) is int
            if not (is_number and least <= value <= most):
                raise OptionError(f"{name} must be a number from {least} to {most}, not {value!r}")

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Augmentation":
        """The augmentation with these fields; OptionError where they are of none."""
        try:
            return cls(**fields)
        except TypeError as error:
            raise OptionError(f"not an augmentation: {error}") from error


_LIMITS = {
    "rotation": (0, 180),
    "scale": (0, 1),
    "aspect": (0, 1),
    "shear": (0, 45),
    "shift": (0, 100),
    "elastic": (0, 100),
    "smoothness": (1, 100),
    "thickness": (0, 1),
}

"""How strongly images are distorted, in pixels, degrees and shares. Needs no NumPy, as recipes are read without it."""

from dataclasses import dataclass, fields, replace
from typing import Any

from fastnet.errors import OptionError
from fastnet.knobs import check, knob


@dataclass(frozen=True)
class Augmentation:
    """Strengths of distortions; OptionError for what makes no sense.

    Each image gets numbers of its own, uniformly from -strength to strength, of rotation and shear, of the logarithm of
    1 + scale and 1 + aspect, of the shift along either axis, and of thickness. The elastic displacement field is
    Simard's (2003): `elastic` is its root mean square along either axis, `smoothness` the sigma of its Gaussian.
    """

    rotation: float = knob(
        10.0, "rotation", "most that a digit is turned, either way", unit="degrees", least=0, most=180
    )
    scale: float = knob(0.1, "scale", "share by which a digit grows or shrinks, at most", least=0, most=1)
    aspect: float = knob(0.1, "aspect", "share by which its height outgrows its width, or the reverse", least=0, most=1)
    shear: float = knob(10.0, "shear", "most that a digit is slanted, either way", unit="degrees", least=0, most=45)
    shift: float = knob(1.0, "shift", "most that a digit is moved along either axis", unit="pixels", least=0, most=100)
    elastic: float = knob(
        1.0, "elastic", "root mean square by which a random field bends it", unit="pixels", least=0, most=100
    )
    smoothness: float = knob(
        6.0, "smoothness", "sigma of the Gaussian that smooths this field", unit="pixels", least=1, most=100
    )
    thickness: float = knob(
        0.0, "thickness", "most that either side of a stroke moves out or in", unit="pixels", least=0, most=1
    )

    def __post_init__(self) -> None:
        check(self)

    def weakened(self, share: float) -> "Augmentation":
        """That `share` of each strength, as smooth as before."""
        names = (field.name for field in fields(self) if field.name != "smoothness")
        return replace(self, **{name: share * getattr(self, name) for name in names})

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Augmentation":
        """The augmentation with these fields; OptionError where they are of none."""
        try:
            return cls(**fields)
        except TypeError as error:
            raise OptionError(f"not an augmentation: {error}") from error


UNDISTORTED = Augmentation(rotation=0.0, scale=0.0, aspect=0.0, shear=0.0, shift=0.0, elastic=0.0)

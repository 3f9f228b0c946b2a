"""From a picture to the pixels that the network knows: each digit grey, white ink on black, 28x28."""

from .pipeline import LeftOut as LeftOut
from .pipeline import Part as Part
from .pipeline import Prepared as Prepared
from .pipeline import Stage as Stage
from .pipeline import prepare as prepare
from .reading import EXTENSIONS as EXTENSIONS
from .reading import FORMATS as FORMATS
from .reading import UNREAD_EXTENSIONS as UNREAD_EXTENSIONS
from .reading import Limits as Limits
from .reading import Source as Source

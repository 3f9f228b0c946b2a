"""From a picture to the pixels that the network knows: each digit grey, white ink on black, 28x28."""

from .cuts import left_out_in_words as left_out_in_words
from .files import EXTENSIONS as EXTENSIONS
from .files import EXTRA_EXTENSIONS as EXTRA_EXTENSIONS
from .files import FORMATS as FORMATS
from .files import UNREAD_EXTENSIONS as UNREAD_EXTENSIONS
from .pipeline import UNLIKE as UNLIKE
from .pipeline import LeftOut as LeftOut
from .pipeline import Part as Part
from .pipeline import Prepared as Prepared
from .pipeline import Stage as Stage
from .pipeline import name_of as name_of
from .pipeline import prepare as prepare
from .reading import Limits as Limits
from .reading import Page as Page
from .reading import Source as Source
from .reading import pages_of as pages_of

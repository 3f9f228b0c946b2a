"""What to do about a doubt: one sentence for each flag of an answer."""

from collections.abc import Iterable

from fastnet.reading.doubts import ANOTHER, MARK_BESIDE, MARK_BETWEEN, MAY_BE_PALE, TURNED
from fastnet.reading.overruling import NOTHING_FITS
from fastnet.reading.pictures import UNLIKE
from fastnet.reading.pictures.frames import EMPTY_FRAME, MAY_BE_CIRCLED
from fastnet.reading.pictures.marks import MAY_BE_BRACKET, MAY_BE_SLASH
from fastnet.reading.pictures.outside import MISSED, NO_CELLS
from fastnet.reading.pictures.parts import CUT_OFF
from fastnet.reading.recognition import OTHER_CUT, VERDICTS

NEXT_STEPS = {
    UNLIKE: "Write it once more, larger and with plain strokes, or crop the picture to the digits.",
    ANOTHER: "Look at the second guess, or write it once more so that only one digit fits.",
    OTHER_CUT: "Leave a gap between digits.",
    CUT_OFF: "Leave paper on all sides of the digits.",
    TURNED: "Turn the picture upright, and bring it again.",
    MARK_BETWEEN: "Points, commas, dashes, slashes and brackets are not read: put them in yourself, if they are meant.",
    MARK_BESIDE: "A minus, a bracket or a far smaller digit is not read: put it there yourself, if it is one.",
    MAY_BE_SLASH: "Check it against the paper: a slash about as high as the digits looks like a 1.",
    MAY_BE_BRACKET: "Check it against the paper: a bracket alone looks like a 1 that bows.",
    MAY_BE_PALE: "Check it against the paper: ink so pale may be a digit, or one that was erased.",
    MAY_BE_CIRCLED: "Check it against the paper: a 1 in a circle looks like a 0 that is struck through.",
    EMPTY_FRAME: "Write digits without circles, or put the empty ones in yourself, if they count.",
    NOTHING_FITS: "Look at what is known of the digits, below the board: it rules out all that was seen.",
    "blank": "Write thicker or darker, and large enough to fill a tenth of the paper.",
    "low contrast": "Use a darker pen, or more light for the photograph.",
    MISSED: "Check the answer against the paper: the cell of a digit was missed. A scan without shade shows all cells.",
    NO_CELLS: "Check the answer against the paper: lines run between digits, but which cells are empty is not told.",
    "too much ink": "Crop the picture to the digits, without lines, shadows or print around them.",
}
_IF_OVERRULED = "Check it against the paper: what is known of the digits made another one of it."


def next_steps(flags: Iterable[str], in_boxes: bool = False) -> list[str]:
    """A sentence for each reason among the flags, without the verdicts, which are no reasons.

    Boxes keep digits apart already: nobody is told to leave gaps there.
    """
    without = {*VERDICTS, OTHER_CUT} if in_boxes else VERDICTS
    steps = (NEXT_STEPS.get(flag, _IF_OVERRULED) for flag in flags if flag not in without)
    return list(dict.fromkeys(steps))

"""Draw the pictures of docs/audit.md from the audit of a model that comes along (`make audit`)."""

import io
from pathlib import Path

from PIL import Image

from benchmarks.publishing import study_parser
from fastnet.audit import load_audit
from fastnet.audit.report import draw
from fastnet.models.files import read_model

MODEL = "mnist-784-512-10-best"
SHOWN = ("embedding", "confusion", "errors", "calibration", "weights", "filters", "robustness")
TARGET = Path("docs/audit")
N_COLOURS = 128  # of a PNG, which makes it a third as large


def main(argv: list[str]) -> None:
    """Draw them, the filters and digits with fewer colours than they were drawn in."""
    study_parser(__doc__).parse_args(argv)
    audit, files = load_audit(MODEL), read_model(MODEL)
    TARGET.mkdir(exist_ok=True)
    for name in SHOWN:
        picture = Image.open(io.BytesIO(draw(name, audit, files) or b"")).convert("RGB")
        picture.quantize(N_COLOURS).save(TARGET / f"{name}.png", optimize=True)

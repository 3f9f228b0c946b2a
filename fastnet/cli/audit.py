"""`fastnet audit`: what a model learned and where it fails, as figures, pictures and a report."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import OptionError
from fastnet.files import claim_new, require_free, require_unclaimed
from fastnet.packages import EXTRAS, require_packages
from fastnet.training.recipe import Recipe

from .options import add_command, add_data_options, add_model, given_data, given_path, natural, percent, positive, show
from .waiting import Wait, bar, is_live, tell, waiting

if TYPE_CHECKING:
    from fastnet.audit.figures import Figures

EXAMPLES = """\
  fastnet audit runs/mine                                    figures, pictures and report.html in runs/mine/audit
  fastnet audit runs/mine --against mnist-784-512-10-best    robustness beside that of a second model
  fastnet audit mnist-784-512-10-best --out audit --points 1000
"""
_BAR_WIDTH = 20
_SHARE_OF_PICTURES = 0.15  # of all the time


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "audit", "audit a model: figures, pictures and a report", EXAMPLES)
    add_model(parser)
    add_data_options(parser, "what the model was trained on")
    parser.add_argument(
        "--out",
        type=given_path,
        metavar="DIR",
        help="a new directory for all of it (default: audit, inside the model's)",
    )
    parser.add_argument("--against", metavar="MODEL", help="a second model, for the curves of robustness")
    parser.add_argument(
        "--points",
        type=positive,
        metavar="N",
        help="random samples on the t-SNE map, beside all errors (default: 3000)",
    )
    parser.add_argument(
        "--seed", type=natural, default=Recipe.seed, metavar="N", help="of t-SNE, its points and noise (default: 0)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Audit, write and print."""
    from fastnet.audit import save_audit
    from fastnet.audit.making import N_POINTS, audit_model
    from fastnet.models.data import data_of
    from fastnet.models.fields import to_json
    from fastnet.models.files import read_model

    require_packages("an audit", *EXTRAS["audit"])
    from fastnet.audit.report import write_everything

    alone = _why_not_beside(args.model)
    if alone and not args.out:
        raise alone
    with ExitStack() as until_written:
        if args.out:
            until_written.enter_context(claim_new(args.out))
        files = read_model(args.model)
        with waiting("loading the data"):
            dataset = data_of(files, given_data(args))
        progress = _Progress(until_written.enter_context(waiting("auditing")))
        audit = audit_model(
            args.model,
            dataset,
            n_points=args.points or N_POINTS,
            seed=args.seed,
            against=args.against,
            on_progress=progress.audit,
        )
        directory = args.out or files.directory / "audit"
        write_everything(audit, files, directory, progress.pictures)
    if args.out and not alone:
        save_audit(args.model, audit)
    elif args.out:
        tell(f"the audit is in {args.out} alone ({alone})")
    show(args, {"directory": str(directory), **to_json(audit.figures)}, _text(audit.figures, directory))
    return 0


def _why_not_beside(model: str) -> OptionError | None:
    """What keeps an audit from being written into its model; found now, not after a minute."""
    from fastnet.models.files import find_own_model

    try:
        directory = find_own_model(model)
        require_unclaimed(directory)
        require_free(directory / "audit", "--out")
    except OptionError as error:
        return error
    return None


class _Progress:
    """A bar on a terminal, a line for each stage elsewhere."""

    def __init__(self, wait: Wait):
        self._wait = wait
        self._stage = ""

    def audit(self, stage: str, share: float) -> None:
        """A stage of the audit begins."""
        self._show(stage, share * (1 - _SHARE_OF_PICTURES))

    def pictures(self, share: float) -> None:
        """Pictures were drawn."""
        self._show("pictures", 1 - _SHARE_OF_PICTURES * (1 - share))

    def _show(self, stage: str, share: float) -> None:
        if is_live():
            self._wait.text = f"auditing {share:4.0%}{bar(share, _BAR_WIDTH)} {stage}"
        elif stage != self._stage:
            self._wait.text = f"auditing: {stage}"
            tell(self._wait.text)
        self._stage = stage


def _text(figures: "Figures", directory: Path) -> str:
    overall, calibration, knn = figures.overall, figures.calibration, figures.embedding.knn_accuracy
    n_ambiguous = sum(error.ambiguous for error in figures.errors)
    names, most = figures.model.class_names, figures.classes.most_confused[:3]
    confused = ", ".join(f"{names[pair.true]} for {names[pair.predicted]} ({pair.n})" for pair in most)
    lines = [
        f"accuracy {percent(overall.accuracy)} on {figures.data.n:,} test samples, mean F1 {percent(overall.macro_f1)}",
        f"{overall.n_errors:,} errors, {n_ambiguous:,} of them ambiguous; most often: {confused or 'none'}",
        f"{len(figures.label_errors):,} labels are doubtful",
        f"expected calibration error {percent(calibration.ece)}",
        f"10 nearest neighbours tell the class: pixels {percent(knn['pixels'])},"
        f" {'hidden layer ' + percent(knn['hidden']) + ', ' if 'hidden' in knn else ''}t-SNE {percent(knn['tsne'])}",
        *(
            f"{layer.name}: effective rank {layer.effective_rank:.0f} of {min(layer.n_in, layer.n_out)}"
            + (f", {layer.n_dead} dead and {layer.n_saturated} saturated units" if layer.n_dead is not None else "")
            for layer in figures.layers
        ),
        f"report and pictures are in {directory}",
    ]
    return "\n".join(lines)

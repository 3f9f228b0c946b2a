"""`fastnet compare`: train some steps on both engines; how far apart are they, and how much faster is one?"""

import argparse
from typing import Any

from fastnet.training.recipe import Recipe

from .options import (
    add_command,
    add_data_options,
    add_recipe_options,
    fitting_recipe,
    given_data,
    positive,
    require_labels_for,
    show,
    tell,
    with_given_options,
)
from .waiting import waiting

EXAMPLES = """\
  fastnet compare                                  200 steps of the default network
  fastnet compare --steps 1000 --hidden 256,128    another network, further
"""


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "train on the Numba kernels and on NumPy, side by side"
    instead = "fastnet compare-models A B compares two models"
    parser = add_command(commands, "compare", summary, EXAMPLES, instead=instead)
    parser.add_argument("--steps", type=positive, default=200, metavar="N", help="steps to take (default: 200)")
    add_data_options(parser)
    add_recipe_options(parser, without=("engine",))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    from fastnet.data.loading import load_dataset
    from fastnet.models.fields import to_json
    from fastnet.system import require_numba
    from fastnet.training.compare import compare_engines

    recipe = with_given_options(Recipe(), args)
    require_labels_for(recipe, args)
    require_numba()
    tell(f"training {args.steps} steps with each engine")
    with waiting("training"):
        dataset = given_data(args) or load_dataset()
        result = compare_engines(dataset, fitting_recipe(recipe, dataset, args), args.steps)
    show(
        args,
        to_json(result),
        f"after {result.steps} steps from the same seed\n"
        f"  largest difference of a loss    {result.max_loss_difference:.2e}\n"
        f"  largest difference of a weight  {result.max_weight_difference:.2e}\n"
        f"  numba      {args.steps / result.seconds['numba']:8,.0f} steps/s\n"
        f"  reference  {args.steps / result.seconds['reference']:8,.0f} steps/s\n"
        f"  numba is {result.ratio:.1f} times faster",
    )
    return 0

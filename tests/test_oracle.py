"""An oracle from outside: both engines take first steps of the plain recipe as PyTorch does (see oracle/make.py)."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from fastnet.data.loading import load_dataset
from fastnet.training.recipe import ENGINES, Recipe
from fastnet.training.trainer import Training

CASES = json.loads(Path(__file__).with_name("oracle").joinpath("steps.json").read_text())["cases"]

# Relative. Our float32 differs from PyTorch's float64 by at most 1e-7 to 2e-5. Were one hidden unit, whose input is
# within rounding of 0, on in one program and off in the other, it would be 7e-5: PyTorch in float32 differs from itself
# in float64 by that with another L2 penalty. Whoever left an option out would be off by 3e-3 or more.
TOLERANCE = 2e-4


def first_steps(case, engine):
    """The losses and the final norms of a case, as steps.json has them."""
    recipe = dataclasses.replace(Recipe(**CASES[case]["recipe"]), engine=engine)
    training = Training(load_dataset(), recipe)
    losses = []
    training.run(on_step=losses.append, n_steps=len(CASES[case]["losses"]))
    norms = {name: np.linalg.norm(array.astype(np.float64)) for name, array in training.network.parameters().items()}
    return losses, norms


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_first_steps_are_those_of_pytorch(case, engine):
    losses, norms = first_steps(case, engine)
    np.testing.assert_allclose(losses, CASES[case]["losses"], rtol=TOLERANCE)
    expected = CASES[case]["norms"]
    assert norms.keys() == expected.keys()
    for name, norm in norms.items():
        assert norm == pytest.approx(expected[name], rel=TOLERANCE), name


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("plain", "the plain recipe")])
def test_each_option_shows_in_the_figures(case):
    """Whoever left it out would be off by far more than the tolerance."""
    own, plain = (CASES[name] for name in (case, "plain"))
    assert np.abs(np.divide(own["losses"], plain["losses"]) - 1).max() > 10 * TOLERANCE
    assert max(abs(norm / plain["norms"][name] - 1) for name, norm in own["norms"].items()) > 10 * TOLERANCE

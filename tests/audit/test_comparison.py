"""Two models side by side: McNemar's test, and the digits that only one of them reads right."""

import json

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image
from scipy import stats

from fastnet import cli
from fastnet.audit.comparison import compare_models, mcnemar
from fastnet.audit.grids import draw_disagreements
from fastnet.cli.compare_models import _text as text_of
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training


@pytest.fixture(scope="module")
def other(digits, tmp_path_factory):
    """A network of another shape that was trained for longer."""
    directory = tmp_path_factory.mktemp("models") / "other"
    training = Training(digits, Recipe(hidden=(48,), epochs=4, batch_size=32, n_validation=100, seed=1))
    training.run()
    save_run(training, directory)
    return directory


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (1, 0), (3, 9), (12, 12), (24, 0)])
def test_few_that_differ_are_judged_by_the_binomial(only_first, only_second):
    found = mcnemar(only_first, only_second)
    n = only_first + only_second
    expected = stats.binomtest(only_first, n).pvalue if n else 1.0
    assert found.test == "exact binomial"
    assert found.p_value == pytest.approx(expected)


@pytest.mark.parametrize(("only_first", "only_second"), [(13, 12), (25, 0), (110, 19), (300, 320)])
def test_many_that_differ_are_judged_by_chi_squared(only_first, only_second):
    found = mcnemar(only_first, only_second)
    assert found.test == "chi-squared with continuity correction"
    assert found.statistic == (abs(only_first - only_second) - 1) ** 2 / (only_first + only_second)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, df=1))


def test_models_that_are_right_equally_often_do_not_differ():
    assert mcnemar(50, 50).p_value == 1
    assert mcnemar(50, 51).p_value == 1


def test_every_sample_is_counted_where_it_belongs(model, other, digits):
    test, predictors = digits.test, [Predictor.load(model), Predictor.load(other)]
    found = compare_models(*predictors, test)
    first, second = (predictor.predict(test.images) for predictor in predictors)
    assert found.both_right == ((first == test.labels) & (second == test.labels)).sum()
    assert found.neither == ((first != test.labels) & (second != test.labels)).sum()
    assert found.accuracy == ((first == test.labels).mean(), (second == test.labels).mean())
    for key, right, wrong in (("only_first", first, second), ("only_second", second, first)):
        rows = np.flatnonzero((right == test.labels) & (wrong != test.labels))
        assert [digit.row for digit in getattr(found.digits, key)] == rows.tolist()
        assert getattr(found, key) == len(rows)
        for digit in getattr(found.digits, key):
            assert digit.label == test.labels[digit.row]
            assert digit.answers == (first[digit.row], second[digit.row])
    assert found.only_second > 0


def test_the_command_tells_and_draws_the_difference(model, other, digits, tmp_path, capsys):
    train, test = digits.train, digits.test
    npz = tmp_path / "digits.npz"
    np.savez(npz, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    command = ["compare-models", str(model), str(other), "--data", str(npz)]
    assert cli.main([*command, "--picture", str(tmp_path / "difference.png")]) == 0
    text = capsys.readouterr().out
    assert "McNemar's test (" in text
    assert "p = " in text
    with Image.open(tmp_path / "difference.png") as picture:
        assert picture.width > 1000
    (tmp_path / "difference.png").write_text("mine")
    assert cli.main([*command, "--picture", str(tmp_path / "difference.png")]) == 2
    assert "exists already; choose another --picture, or --force" in capsys.readouterr().err
    assert (tmp_path / "difference.png").read_text() == "mine"
    assert cli.main([*command, "--picture", str(tmp_path / "difference.png"), "--force"]) == 0
    with Image.open(tmp_path / "difference.png") as picture:
        assert picture.width > 1000
    capsys.readouterr()
    assert cli.main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"] == [str(model), str(other)]
    assert found["both_right"] + found["only_first"] + found["only_second"] + found["neither"] == 400
    assert cli.main(["compare-models", str(model), str(model), "--data", str(npz), "--picture", "none.png"]) == 0
    captured = capsys.readouterr()
    assert "p = 1" in captured.out
    assert "there is nothing to draw" in captured.err
    assert f"{model}: is the first model itself" in captured.err


def test_a_model_beside_itself_is_told_to_be_one_whatever_it_is_called(model, other, digits, tmp_path, capsys):
    train, test = digits.train, digits.test
    npz = tmp_path / "digits.npz"
    np.savez(npz, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    again = tmp_path / "again"
    again.symlink_to(model)
    for second, is_told in ((again, True), (other, False)):
        assert cli.main(["compare-models", str(model), str(second), "--data", str(npz)]) == 0
        told = f"{second}: is the first model itself, so nothing tells them apart"
        assert (told in capsys.readouterr().err) == is_told


def test_digits_that_one_reads_right_are_told_by_the_names_of_their_classes(model, other, digits):
    found = compare_models(Predictor.load(model), Predictor.load(other), digits.test)
    first, *_ = found.digits.only_second
    names = [f"{letter}$" for letter in "ABCDEFGHIJ"]
    assert f"only other: {first.row} (a {names[first.label]})" in text_of(found, "model", "other", names)
    figure = draw_disagreements(found, ("model", "other"), digits.test, names)
    assert f"{'ABCDEFGHIJ'[first.label]}\\$, not {'ABCDEFGHIJ'[first.answers[0]]}\\$" in [
        text.get_text() for text in figure.findobj(Text)
    ]


def test_data_of_another_size_is_refused(model, other, capsys):
    assert cli.main(["compare-models", str(model), str(other), "--data", "mnist"]) == 2
    assert "takes images of 64 pixels in 10 classes, and mnist has 784 pixels" in capsys.readouterr().err

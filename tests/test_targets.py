"""Tables of which one column is predicted: what is read of them, trained, saved, measured and answered."""

import csv
import dataclasses
import io

import numpy as np
import pytest

from fastnet.cli import main
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError, FastnetError, OptionError
from fastnet.models.model import Model
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

RECIPE = Recipe(
    hidden=(16,),
    epochs=30,
    batch_size=32,
    learning_rate=0.01,
    n_validation=20,
    engine="reference",
    loss="squared_error",
)


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    """A table with a price near a million, of a size, a number of rooms, and the number of the row."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("tables") / "houses.csv"
    area, rooms = rng.uniform(30, 250, 400), rng.integers(1, 9, 400)
    price = 1e6 + 300 * area + 5000 * rooms + 0.5
    rows = (f"{n},{a:.2f},{r},{p:.2f}" for n, (a, r, p) in enumerate(zip(area, rooms, price, strict=True)))
    path.write_text("id,area,rooms,price\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def run(houses, tmp_path_factory):
    """A regression on it that was saved."""
    training = Training(load_dataset(houses, target="price"), RECIPE)
    training.run()
    directory = tmp_path_factory.mktemp("runs") / "houses"
    save_run(training, directory)
    return directory


def test_a_column_is_predicted_in_its_own_unit(houses, run):
    table = np.loadtxt(houses, delimiter=",", skiprows=1)
    answers = Model.load(run).predict(table[:, 1:3])
    assert answers.shape == (400,)
    assert np.abs(answers - table[:, 3]).max() < 0.2 * np.ptp(table[:, 3])
    assert Model.load(run).manifest.table.features == ("area", "rooms")  # and not the number of the row


def test_a_run_on_a_table_goes_on(run):
    training = load_run(run, epochs=31)
    training.run()
    assert training.progress.history[-1].validation_r2 > 0.9
    assert training.progress.history[-1].train_accuracy is None


def test_a_run_on_a_table_is_listed_with_its_r2(run, tmp_path, capsys):
    save_run(load_run(run), tmp_path / "houses", {"r2": 0.98765, "loss": 0.01})
    assert main(["runs", str(tmp_path)]) == 0
    assert "R^2 0.9877" in capsys.readouterr().out


def test_words_and_whole_numbers_are_classes_unless_the_loss_says_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,kind\n" + "".join(f"{n % 5},{n % 7}.5,{'even' if n % 2 == 0 else 'odd'}\n" for n in range(40)))
    words = load_dataset(path, target="kind")
    assert (words.classes, words.train.labels.dtype) == (("even", "odd"), np.int64)
    with pytest.raises(DataError, match="column 'kind': holds words, and the loss squared_error is of numbers"):
        load_dataset(path, target="kind", loss="squared_error")
    path.write_text("a,b\n" + "".join(f"{n % 5},{n % 7}.5\n" for n in range(40)))
    assert load_dataset(path, target="a").train.labels.dtype == np.int64
    assert load_dataset(path, target="a", loss="squared_error").train.labels.dtype == np.float32
    assert load_dataset(path, target="b").train.labels.dtype == np.float32


@pytest.mark.parametrize(
    ("content", "target", "fault"),
    [
        ("a,b,price\n1,2,3.5\n1,,4.5\n", "price", r"line 3, cell 2 is '' and not a number \(column 'b'\)"),
        ("a,b,price\n1,2,3.5\n1,2,4.5\n", "prize", "has no column 'prize'"),
        ("1,2,3.5\n1,2,4.5\n", "2", "its first line must name the columns"),
        ("a,kind,price\n1,x,3.5\n1,y,4.5\n", "price", "column 'kind' holds words where numbers are needed"),
    ],
)
def test_what_cannot_be_a_table_is_refused_in_one_sentence(tmp_path, content, target, fault):
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=fault):
        load_dataset(path, target=target)


def test_predict_writes_the_answers_beside_the_rows(houses, run, capfd):
    assert main(["predict", str(houses), "--model", str(run)]) == 0
    rows = list(csv.reader(io.StringIO(capfd.readouterr().out)))
    assert rows[0] == ["id", "area", "rooms", "price", "predicted price"]
    assert [row[:4] for row in rows[1:]] == [line.split(",") for line in houses.read_text().splitlines()[1:]]
    assert all(0.5e6 < float(row[4]) < 2e6 for row in rows[1:])


def test_evaluate_measures_all_rows_of_a_table(houses, run, capfd):
    assert main(["evaluate", str(run), "--data", str(houses)]) == 0
    assert "R^2 0.9" in (out := capfd.readouterr().out)
    assert "400 test samples" in out


def test_what_reads_pictures_refuses_a_model_of_tables(run):
    from fastnet.reading.predictor import Predictor

    with pytest.raises(OptionError, match="reading pictures takes a model of classes"):
        Predictor.load(run).read(np.zeros((28, 28), np.uint8))


def test_a_manifest_whose_table_is_damaged_is_refused(run, tmp_path):
    from fastnet.models.files import read_model, write_model

    files = read_model(run)
    table = dataclasses.replace(files.manifest.table, means=(0.0,))
    (tmp_path / "model").mkdir()
    write_model(tmp_path / "model", files.parameters, dataclasses.replace(files.manifest, table=table))
    with pytest.raises(FastnetError, match="its table must have 2 features"):
        Model.load(tmp_path / "model")

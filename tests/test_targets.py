"""Tables of which one column is predicted: what is read of them, trained, saved, measured and answered."""

import csv
import dataclasses
import io

import numpy as np
import pandas
import pytest

from fastnet import weights
from fastnet.cli import main
from fastnet.data.loading import load_dataset, read_table_of
from fastnet.data.targets import columns_of
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
        ("a,b,price\n1,2,3.5\n1,2,4.5\n", "prize", r"has no column 'prize' \(.*; did you mean price\?"),
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


@pytest.mark.parametrize("order", [1, -1])
def test_what_compares_models_of_pictures_refuses_one_of_tables_by_what_it_is(run, capfd, order):
    assert main(["compare-models", *[str(run), weights.SMALL][::order]]) == 2
    assert "a comparison of models takes a model of classes" in capfd.readouterr().err


def test_a_manifest_whose_table_is_damaged_is_refused(run, tmp_path):
    from fastnet.models.files import read_model, write_model

    files = read_model(run)
    table = dataclasses.replace(files.manifest.table, means=(0.0,))
    (tmp_path / "model").mkdir()
    write_model(tmp_path / "model", files.parameters, dataclasses.replace(files.manifest, table=table))
    with pytest.raises(FastnetError, match="its table must have 2 features"):
        Model.load(tmp_path / "model")


def test_a_model_finds_its_columns_by_their_names_alone(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("0,1,price\n" + "".join(f"{n},{n % 3},{n}.5\n" for n in range(30)))
    scaling = load_dataset(path, target="-1").table
    assert (scaling.target, scaling.features) == ("price", ("0", "1"))
    path.write_text("price,rooms,1,2,3\n" + "".join(f"{n}.5,3,1,2,3\n" for n in range(5)))
    with pytest.raises(DataError, match="has no column '0'"):
        columns_of(read_table_of(path), scaling.features)


@pytest.mark.parametrize("value", [0.1, 7.0, 1e-300])
def test_a_column_that_is_always_the_same_has_the_deviation_one(value):
    frame = pandas.DataFrame({"same": [value] * 300, "other": np.arange(300.0), "price": [value] * 300})
    scaling = load_dataset(frame, target="price", loss="squared_error").table
    assert (scaling.means[0], scaling.deviations[0]) == (value, 1)
    assert (scaling.target_mean, scaling.target_deviation) == (value, 1)
    assert scaling.deviations[1] > 50


@pytest.mark.parametrize("price", ["250,000.50", "250,x"])
def test_a_row_with_more_cells_than_the_header_is_refused(tmp_path, price):
    path = tmp_path / "table.csv"
    path.write_text(f"area,rooms,price\n100,2,240000.5\n120,3,{price}\n")
    with pytest.raises(DataError, match="line 3 has 4 cells where the first has 3"):
        load_dataset(path, target="price")


def test_a_delimiter_within_quotes_is_no_cell_more(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("area,kind\n" + "".join(f'{n},"{"a,b" if n % 2 else "c"}"\n' for n in range(20)))
    assert load_dataset(path, target="kind").classes == ("a,b", "c")


def test_a_name_that_several_columns_have_is_refused(tmp_path, houses, run):
    path = tmp_path / "table.csv"
    path.write_text("a,a,price\n" + "1,2,3.5\n" * 20)
    with pytest.raises(DataError, match="several columns are called 'a'"):
        load_dataset(path, target="price")
    path.write_text("area,area,rooms\n1,2,3\n")
    with pytest.raises(DataError, match="has several columns 'area'"):
        columns_of(read_table_of(path), Model.load(run).manifest.table.features)


def test_numbers_beyond_float32_are_refused_in_one_sentence(run):
    with pytest.raises(OptionError, match="beyond the range of float32"):
        Model.load(run).predict([[1e300, 3]])
    frame = pandas.DataFrame({"a": [1.0] * 29 + [1e300], "price": np.arange(30) + 0.5})
    with pytest.raises(DataError, match="beyond the range of float32"):
        load_dataset(frame, target="price")


@pytest.mark.parametrize("least", [-3, 300100])
def test_whole_numbers_that_are_no_classes_are_told_how_to_be_numbers(tmp_path, least):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "".join(f"{n % 5},{least + 100 * n}\n" for n in range(40)))
    with pytest.raises(DataError, match="or give --loss squared_error for a number"):
        load_dataset(path, target="b")


@pytest.mark.parametrize("option", [["--label", "1"], ["--target", "rooms"], ["--transposed"]])
def test_evaluate_refuses_what_a_model_of_tables_would_ignore(houses, run, capfd, option):
    assert main(["evaluate", str(run), "--data", str(houses), *option]) == 2
    assert "the model knows its columns" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("t.arff", "@relation r\n@attribute area numeric\n@attribute rooms numeric\n@data\n1,2\n3,4\n", "is no CSV"),
        ("lines.csv", 'area,rooms,note\n1,2,"a\n1,2,b"\n3,4,c\n', "has cells of several lines"),
        ("none.csv", None, "none.csv: no such file"),
        ("-", None, "not from standard input"),
    ],
)
def test_predict_refuses_what_it_cannot_write_again_in_one_sentence(
    run, tmp_path, monkeypatch, capfd, name, content, fault
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_text(content)
    assert main(["predict", name, "--model", str(run)]) == 2
    assert fault in capfd.readouterr().err


@pytest.mark.parametrize("command", [["train", "--no-calibration"], ["compare"]])
@pytest.mark.parametrize(
    ("loss", "fault"),
    [
        ("logistic", "is for several labels a sample, from Python"),
        ("squared_error", "need --target"),
        ("poisson", "need --target"),
    ],
)
def test_a_loss_of_other_labels_than_the_command_line_has_is_refused(command, loss, fault, capfd):
    assert main([*command, "--loss", loss]) == 2
    assert fault in capfd.readouterr().err


def test_training_goes_on_from_a_model_of_another_kind_than_the_recipes(houses, tmp_path):
    training = Training(load_dataset(houses, target="price"), dataclasses.replace(RECIPE, epochs=1, activation="tanh"))
    training.run()
    save_run(training, tmp_path / "first")
    options = ["--data", str(houses), "--target", "price", "--epochs", "1", "--engine", "reference"]
    assert main(["train", "--from", str(tmp_path / "first"), "--out", str(tmp_path / "second"), *options]) == 0
    manifest = Model.load(tmp_path / "second").manifest
    assert (manifest.activation, manifest.loss) == ("tanh", "squared_error")


def test_training_does_not_go_on_from_a_model_of_other_columns(run):
    frame = pandas.DataFrame({"rooms": np.arange(40.0), "area": np.arange(40.0) ** 2, "price": np.arange(40) + 0.5})
    with pytest.raises(OptionError, match="takes the columns area, rooms, and this training the columns rooms, area"):
        Training(load_dataset(frame, target="price"), RECIPE, run)

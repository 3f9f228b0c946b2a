"""Models are measured on the data that they were trained on, unless other data is given; classes keep their names."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.data.tables import LABEL_NAMES
from fastnet.models.files import read_manifest
from fastnet.reading.predictor import Predictor

DOCUMENT = Path(__file__).parents[1] / "docs/data.md"
QUICK = ("--hidden", "8", "--epochs", "3", "--batch-size", "16", "--validation", "20", "--engine", "reference")


@pytest.fixture
def words_csv(dataset, tmp_path):
    """The small data set as a CSV whose labels are words in a column that is called otherwise."""
    names = np.array(["ant", "bee", "cat", "dog"])
    path = tmp_path / "insects.csv"
    lines = [",".join(["kind", "extra", *(f"p{number}" for number in range(1, 30))])]
    samples = dataset.train
    for label, image in zip(names[samples.labels], samples.images.tolist(), strict=True):
        lines.append(",".join([label, *map(str, image)]))
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def run(fastnet, npz, tmp_path):
    assert fastnet("train", "--data", npz, "--out", tmp_path / "run", *QUICK)[0] == 0
    return tmp_path / "run"


def test_model_is_evaluated_on_its_own_test_set(fastnet, run, npz, dataset):
    _, out, _ = fastnet("evaluate", run, "--json")
    found = json.loads(out)
    assert found["data"] == str(npz)
    assert found["n"] == len(dataset.test)
    assert found["accuracy"] == pytest.approx(read_manifest(run).test.accuracy)
    _, given, _ = fastnet("evaluate", run, "--data", npz, "--json")
    assert json.loads(given) == found


def test_of_small_data_a_tenth_is_for_validation_unless_one_says_how_much(fastnet, npz, dataset, tmp_path):
    options = ("--data", npz, "--hidden", 8, "--epochs", 1, "--engine", "reference", "--no-calibration")
    _, _, err = fastnet("train", *options, "--out", tmp_path / "tenth")
    assert f" and {len(dataset.train) // 10} validation samples" in err
    code, _, err = fastnet("train", *options, "--validation", 5000)
    assert (code, "5,000 validation samples leave nothing of" in err) == (2, True)


def test_a_model_of_other_images_says_that_it_reads_no_pictures(fastnet, run, tmp_path):
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(tmp_path / "page.png")
    code, _, err = fastnet("predict", tmp_path / "page.png", "--model", run)
    told = "pictures are read by models that take 28x28 pixels, and this one takes 30"
    assert (code, told in err) == (2, True)


def test_models_are_compared_on_the_data_of_the_first(fastnet, run, dataset):
    code, out, _ = fastnet("compare-models", run, run, "--json")
    assert code == 0
    assert json.loads(out)["n"] == len(dataset.test)


@pytest.mark.parametrize("command", [("evaluate",), ("audit",), ("calibrate",), ("compare-models", "itself")])
def test_data_that_is_gone_is_told_with_the_remedy(fastnet, run, npz, command):
    npz.unlink()
    name, *others = command
    code, out, err = fastnet(name, run, *(run for _ in others))
    assert (code, out) == (2, "")
    assert f"the data that it was trained on cannot be loaded ({npz}: no such data set" in err
    assert err.endswith("give it with --data\n")
    assert [line.startswith("fastnet ") for line in err.splitlines()].count(True) == 1


@pytest.mark.parametrize("command", [("evaluate",), ("audit",), ("calibrate",), ("compare-models", "itself")])
def test_data_in_another_order_is_not_what_was_trained_on(fastnet, words_csv, tmp_path, command):
    run = tmp_path / "run"
    assert fastnet("train", "--data", words_csv, "--label", "kind", "--out", run, *QUICK)[0] == 0
    head, *lines = words_csv.read_text().split("\n")
    words_csv.write_text("\n".join([head, *reversed(lines)]))  # so that others are held out for the test
    name, *others = command
    code, out, err = fastnet(name, run, *(run for _ in others))
    assert (code, out) == (2, "")
    assert f"{words_csv} has other samples, or in another order, than when it was trained on" in err
    assert fastnet("evaluate", run, "--data", words_csv, "--label", "kind")[0] == 0


@pytest.mark.parametrize("command", ["evaluate", "audit", "calibrate"])
def test_data_of_another_size_is_told(fastnet, run, command):
    code, out, err = fastnet(command, run, "--data", "mnist")
    assert (code, out) == (2, "")
    assert "takes images of 30 pixels in 4 classes, and mnist has 784 pixels and 10 classes" in err


def test_second_model_of_another_size_is_told(fastnet, run):
    code, _, err = fastnet("compare-models", run, weights.SMALL)
    assert code == 2
    assert "takes images of 784 pixels in 10 classes, and" in err


def test_classes_keep_their_names_and_data_is_loaded_again_as_it_was(fastnet, words_csv, tmp_path):
    run = tmp_path / "run"
    code, _, err = fastnet("train", "--data", words_csv, "--label", "0", "--out", run, *QUICK)
    assert code == 0
    assert "there is no test set: 85 of 600 samples are held out for it" in err
    manifest = read_manifest(run)
    assert manifest.classes == ("ant", "bee", "cat", "dog")
    assert manifest.data.label == "0"
    assert Predictor.load(run).classes == manifest.classes
    _, out, _ = fastnet("evaluate", run)
    assert [line.split()[0] for line in out.splitlines()[2:]] == list(manifest.classes)
    assert fastnet("train", "--resume", run, "--epochs", "4")[0] == 0


def test_data_with_other_classes_is_told(fastnet, run, words_csv):
    code, _, err = fastnet("evaluate", run, "--data", words_csv)
    assert code == 2
    assert "knows the classes 0, 1, ..., and" in err
    assert "has ant, bee, cat, dog" in err


def test_evaluation_counts_each_class(fastnet, run, dataset):
    _, out, _ = fastnet("evaluate", run, "--json")
    found = json.loads(out)
    labels, answers = dataset.test.labels, Predictor.load(run).predict(dataset.test.images)
    for number, score in enumerate(found["classes"]):
        right = np.sum((labels == number) & (answers == number))
        assert score["name"] == str(number)
        assert score["support"] == np.sum(labels == number)
        assert score["recall"] == pytest.approx(right / np.sum(labels == number))
        n_answered = np.sum(answers == number)
        assert score["precision"] == (pytest.approx(right / n_answered) if n_answered else None)
        low, high = score["interval"]
        assert -1e-9 <= low <= score["recall"] + 1e-9 <= high + 1e-9
    low, high = found["interval"]
    assert low < found["accuracy"] < high


def test_interval_of_an_accuracy_is_wilsons(fastnet):
    _, out, _ = fastnet("evaluate", "mnist-784-512-10", "--json")
    found = json.loads(out)
    n, share, z = 10_000, found["accuracy"], 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert found["interval"] == pytest.approx([centre - reach, centre + reach], abs=1e-6)


def test_choices_without_data_are_refused(fastnet, tmp_path):
    code, _, err = fastnet("train", "--label", "digit", "--out", tmp_path / "run", *QUICK)
    assert code == 2
    assert "--label, --target and --transposed say what --data does not" in err


# ---- The commands of docs/data.md -----------------------------------------------------------------------------------

COMMANDS = re.findall(r"^(fastnet train --data .*?) *(?:#.*)?$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)


def write_all_forms(directory):
    """Some digits in each of the forms that the document names."""
    test = load_dataset().test
    images, labels = test.images[:120], test.labels[:120]
    names = [f"pixel{number}" for number in range(784)]

    def write_csv(path, title):
        path.parent.mkdir(exist_ok=True)
        rows = [",".join(map(str, [label, *image])) for label, image in zip(labels, images.tolist(), strict=True)]
        path.write_text("\n".join([",".join([title, *names]), *rows]))

    write_csv(directory / "train.csv", "label")
    write_csv(directory / "digit-recognizer/train.csv", "label")
    (directory / "digit-recognizer/test.csv").write_text(f"{','.join(names)}\n{','.join(['0'] * 784)}\n")
    write_csv(directory / "letters.csv", "letter")
    attributes = "".join(f"@attribute {name} real\n" for name in ["class", *names])
    rows = (directory / "train.csv").read_text().partition("\n")[2]
    (directory / "mnist_784.arff").write_text(f"@relation mnist\n{attributes}@data\n{rows}")
    houses = [f"{rooms},{age},{50 * rooms - age}.5" for rooms in range(1, 9) for age in range(5)]
    (directory / "houses.csv").write_text("\n".join(["rooms,age,price", *houses]) + "\n")
    np.savez(directory / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    for prefix in ("fashion-mnist/", "emnist/emnist-letters-", "emnist/emnist-digits-"):
        (directory / prefix.partition("/")[0]).mkdir(exist_ok=True)
        for part in ("train", "test"):
            sizes = (len(images), 28, 28)
            for kind, content, axes in (("images-idx3", images, sizes), ("labels-idx1", labels, sizes[:1])):
                head = bytes([0, 0, 8, len(axes)]) + b"".join(size.to_bytes(4, "big") for size in axes)
                path = directory / f"{prefix}{part}-{kind}-ubyte"
                path.write_bytes(head + content.astype(np.uint8).tobytes())
    for number, (label, image) in enumerate(zip(labels, images.reshape(-1, 28, 28), strict=True)):
        (directory / f"pictures/{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(directory / f"pictures/{label}/{number}.png")


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    directory = tmp_path_factory.mktemp("forms")
    write_all_forms(directory)
    return directory


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_document_trains(fastnet, forms, tmp_path, command):
    run = tmp_path / "run"
    words = [word.replace("~", str(forms)) for word in shlex.split(command)[1:]]  # as a shell does
    code, _, err = fastnet(*words, "--out", run, *QUICK)
    assert code == 0, err
    assert read_manifest(run).layer_sizes == ((2, 8, 1) if "--target" in words else (784, 8, 10))
    assert fastnet("evaluate", run)[0] == 0


def test_the_document_has_a_command_for_each_form():
    assert len(COMMANDS) == 9


def test_the_document_names_the_columns_that_are_taken_for_labels():
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    named = re.search("else the one called (.*?), else", text)
    assert re.split(", | or ", named[1]) == list(LABEL_NAMES)

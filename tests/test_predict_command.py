"""`fastnet predict`: every file that it is given is answered, told as an error or counted, in each form of answers."""

import csv
import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.reading.nondigits import nondigits
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training

N = 3
ODD_NAMES = ("carriage\rreturn.png", "line\nfeed.png", 'comma, "quote".png')


@pytest.fixture(scope="module")
def images():
    return load_dataset().test.images[:N].reshape(N, 28, 28)


@pytest.fixture
def scans(images, tmp_path):
    """Three digits in a directory."""
    directory = tmp_path / "scans"
    directory.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(directory / f"{number}.png")
    return directory


@pytest.fixture
def table(images, tmp_path):
    """The same as Kaggle has them: a CSV of pixels."""
    header = ",".join(f"pixel{number}" for number in range(28 * 28))
    path = tmp_path / "test.csv"
    np.savetxt(path, images.reshape(N, -1), fmt="%d", delimiter=",", header=header, comments="")
    return path


# ---- What is passed over --------------------------------------------------------------------------------------------


def test_a_picture_of_a_kind_that_is_not_read_is_an_error_and_no_silence(fastnet, scans):
    (scans / "photo.jxl").write_bytes(b"\xff\x0a")
    code, out, err = fastnet("predict", scans)
    assert code == 1
    assert len(out.splitlines()) == N
    assert err == (
        f"fastnet predict: {scans / 'photo.jxl'}: is a picture by its name (JXL), which is not read;"
        " make PNG or JPEG of it\n"
    )


@pytest.mark.parametrize("options", [(), ("--json",), ("--out", "answers.csv"), ("--out", "answers.jsonl", "--json")])
def test_files_that_are_no_pictures_are_counted_and_named(fastnet, scans, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    for name in (".hidden", "a.txt", "b.csv", "c"):
        (scans / name).write_text("no picture")
    code, out, err = fastnet("predict", scans, *options)
    assert code == 0
    named = ", ".join(str(scans / name) for name in (".hidden", "a.txt", "b.csv"))
    assert err == f"fastnet predict: 4 files were passed over as no pictures by their names: {named}, ...\n"
    if "--json" in options:
        assert json.loads(out)["passed_over"] == 4


def test_nothing_is_said_where_nothing_is_passed_over(fastnet, scans):
    assert fastnet("predict", scans)[2] == ""


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), True),
        (("--out", "answers.csv"), True),
        (("--model", weights.SMALL), False),
        (("--json",), False),
        (("--quiet",), False),
    ],
)
def test_a_person_who_named_no_model_is_told_which_one_reads(fastnet, scans, tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    _, _, err = fastnet("predict", scans / "0.png", *options)
    assert (f"read by {weights.DEFAULT}; --model NAME asks another" in err) == says


@pytest.mark.parametrize("options", [("--json",), ("--out", "answers.csv", "--json")])
def test_json_names_the_model_that_read(fastnet, scans, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    for named, model in (((), weights.DEFAULT), (("--model", weights.SMALL, "--force"), weights.SMALL)):
        assert json.loads(fastnet("predict", scans / "0.png", *options, *named)[1])["model"] == model


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize("options", [(), ("--out", "answers.csv")])
def test_a_fifo_and_a_device_by_the_name_of_a_picture_are_told_at_once(fastnet, scans, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(scans / "fifo.png")
    (scans / "zero.png").symlink_to("/dev/zero")
    code, _, err = fastnet("predict", scans, *options)
    assert code == 1
    fifo, zero = err.splitlines()
    assert fifo == f"fastnet predict: {scans / 'fifo.png'}: cannot be read (it is no regular file)"
    assert zero == f"fastnet predict: {scans / 'zero.png'}: cannot be read (it is no regular file)"


# ---- Forms of answers -----------------------------------------------------------------------------------------------


def test_each_form_says_the_same(fastnet, scans):
    labels = [str(label) for label in load_dataset().test.labels[:N]]
    text = fastnet("predict", scans)[1].splitlines()
    assert [line.removeprefix(f"{scans}/{n}.png: ")[0] for n, line in enumerate(text)] == labels
    rows = [json.loads(line) for line in fastnet("predict", scans, "--format", "jsonl")[1].splitlines()]
    assert [row["text"] for row in rows] == labels
    assert json.loads(fastnet("predict", scans, "--format", "json")[1])["results"] == rows
    assert json.loads(fastnet("predict", scans, "--json")[1])["results"] == rows
    table = list(csv.DictReader(io.StringIO(fastnet("predict", scans, "--format", "csv")[1])))
    assert [row["text"] for row in table] == labels
    assert [row["path"] for row in table] == [row["path"] for row in rows]


def test_transposed_images_are_turned_if_one_says_so(fastnet, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "turned.npy", images.transpose(0, 2, 1))
    answers = [
        [line.partition(":")[2] for line in fastnet("predict", *args)[1].splitlines()]
        for args in (
            [tmp_path / "images.npy"],
            [tmp_path / "turned.npy", "--transposed"],
            [tmp_path / "images.npy", "--no-transposed"],
        )
    ]
    assert answers[0] == answers[1] == answers[2]


def test_transposed_pictures_are_no_such_thing(fastnet, scans):
    code, out, err = fastnet("predict", scans, "--transposed")
    assert (code, out) == (2, "")
    assert "--transposed is for files of images (IDX, CSV, .npz, .npy or Parquet), and none is given" in err


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_whole_in_csv_and_on_one_line_for_people(fastnet, images, tmp_path, name):
    path = tmp_path / name
    Image.fromarray(images[0]).save(path, "PNG")
    (tmp_path / f"broken {name}").write_text("no picture")
    for target in (None, tmp_path / "answers.csv"):
        options = ("--out", target) if target else ("--format", "csv")
        _, out, err = fastnet("predict", path, tmp_path / f"broken {name}", *options)
        content = target.read_bytes().decode() if target else out
        rows = list(csv.DictReader(io.StringIO(content, newline="")))
        assert [row["path"] for row in rows] == [str(path), str(tmp_path / f"broken {name}")]
        assert rows[0]["text"] == "7"
        assert "is text, not a picture" in rows[1]["error"]
        assert len(err.rstrip("\n").splitlines()) == 1
    assert len(fastnet("predict", path)[1].rstrip("\n").splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--json", "--format", "csv"], "--json and --format do not go together"),
        (["--explain", "why.png", "--format", "csv"], "--explain and --format do not go together"),
        (["--out", "answers.csv", "--format", "text"], "--format text goes to standard output"),
        (["--out", "answers.txt"], "end in .csv or .jsonl, or as --format says"),
        (["--format", "kaggle"], "--format kaggle is for one file of images"),
        (["--max-megapixels", "0"], "is not a whole number from 1 to 178"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(fastnet, scans, options, sentence):
    code, out, err = fastnet("predict", scans, *options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


# ---- Files of images ------------------------------------------------------------------------------------------------


def test_images_are_read_from_files_of_them_beside_pictures(fastnet, scans, table, images, tmp_path):
    np.savez(tmp_path / "images.npz", x_test=images)
    np.save(tmp_path / "floats.npy", (images / 255).astype(np.float32))
    names = [table, scans / "0.png", tmp_path / "images.npz", tmp_path / "floats.npy"]
    results = json.loads(fastnet("predict", *names, "--json")[1])["results"]
    assert [result.get("image") for result in results] == [1, 2, 3, None, 1, 2, 3, 1, 2, 3]
    labels = load_dataset().test.labels[:N].tolist()
    assert [result["digit"] for result in results] == [*labels, labels[0], *labels, *labels]
    for result in results[4:7]:
        assert sum(result["probabilities"]) == pytest.approx(1, rel=1e-5)
    assert fastnet("predict", table)[1].startswith(f"{table}, image 1: 7 (")


def test_a_submission_for_kaggle_has_an_answer_for_each_image(fastnet, table, tmp_path):
    labels = load_dataset().test.labels[:N]
    wanted = "ImageId,Label\n" + "".join(f"{number},{label}\n" for number, label in enumerate(labels, start=1))
    assert fastnet("predict", table, "--format", "kaggle")[:2] == (0, wanted)
    code, out, _ = fastnet("predict", table, "--format", "kaggle", "--out", tmp_path / "submission.csv")
    assert code == 0
    assert "3 pictures" in out
    assert (tmp_path / "submission.csv").read_text() == wanted


def test_a_submission_answers_what_is_like_no_digit_too(fastnet, tmp_path):
    np.save(tmp_path / "others.npy", nondigits(300, np.random.default_rng(0)))
    results = json.loads(fastnet("predict", tmp_path / "others.npy", "--json")[1])["results"]
    assert any(result["digit"] is None for result in results)
    rows = fastnet("predict", tmp_path / "others.npy", "--format", "kaggle")[1].splitlines()[1:]
    assert [int(row.split(",")[1]) for row in rows] == [int(np.argmax(result["probabilities"])) for result in results]


def test_images_that_the_model_does_not_take_are_told(fastnet, tmp_path):
    np.save(tmp_path / "small.npy", np.zeros((2, 5, 5), np.uint8))
    code, _, err = fastnet("predict", tmp_path / "small.npy")
    assert code == 1
    assert f"{tmp_path / 'small.npy'}: holds images of 25 pixels, and the model takes 784" in err
    code, out, err = fastnet(
        "predict", tmp_path / "small.npy", "--format", "kaggle", "--out", tmp_path / "submission.csv"
    )
    assert (code, out) == (2, "")
    assert not (tmp_path / "submission.csv").exists()


def test_each_explanation_is_told_by_where_it_was_drawn(fastnet, scans, tmp_path):
    (scans / "broken.png").write_text("no picture")
    _, out, _ = fastnet("predict", scans, "--explain", tmp_path / "why.png")
    assert [line.rpartition("; drawn in ")[2] for line in out.splitlines()] == [
        str(tmp_path / f"why-{number}.png") for number in (1, 2, 3)
    ]
    _, out, _ = fastnet("predict", scans, "--explain", tmp_path / "why.png", "--force", "--json")
    drawings = [answer.get("drawing") for answer in json.loads(out)["results"]]
    assert drawings == [*(str(tmp_path / f"why-{number}.png") for number in (1, 2, 3)), None]


def test_a_file_of_images_is_not_explained(fastnet, table, tmp_path):
    code, _, err = fastnet("predict", table, "--explain", tmp_path / "why.png")
    assert code == 2
    assert "--explain is for pictures" in err


# ---- Large pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_file", [False, True])
def test_larger_pictures_are_read_where_that_is_asked_for_and_the_error_says_how(fastnet, images, tmp_path, to_file):
    large = Image.new("L", (5000, 4000), 255)
    large.paste(Image.fromarray(255 - images[0]).resize((1000, 1000)), (2000, 1500))
    large.save(tmp_path / "large.png")
    options = ("--out", tmp_path / "answers.jsonl", "--force") if to_file else ()
    code, _, err = fastnet("predict", tmp_path / "large.png", *options)
    assert code == 1
    assert err.endswith("large.png: has more than 16 megapixels (5000 x 4000 pixels); --max-megapixels N allows more\n")
    code, out, _ = fastnet("predict", tmp_path / "large.png", "--max-megapixels", "20", *options)
    assert code == 0
    assert json.loads((tmp_path / "answers.jsonl").read_text())["text"] == "7" if to_file else ": 7 (" in out


def test_one_image_in_an_array_is_one_image(fastnet, tmp_path):
    images = load_dataset().test.pixels[:2].reshape(-1, 28, 28)
    answers = []
    for name, array in (("one.npy", images[0]), ("two.npy", images)):
        np.save(tmp_path / name, array)
        code, out, _ = fastnet("predict", tmp_path / name, "--json")
        assert code == 0
        answers.append(json.loads(out)["results"])
    (one,), two = answers
    assert (one["image"], one["text"], one["probability"]) == (1, two[0]["text"], pytest.approx(two[0]["probability"]))


def test_model_of_one_class_answers(fastnet, scans, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (32, 784), dtype=np.uint8)
    part = Samples(images, np.zeros(32, np.int64), PIXEL_SCALE)
    training = Training(Dataset(part, part, "one class"), Recipe(hidden=(4,), epochs=1, batch_size=16, n_validation=0))
    training.run()
    save_run(training, tmp_path / "one")
    np.save(tmp_path / "images.npy", images[:2])
    code, out, err = fastnet("predict", tmp_path / "images.npy", "--model", tmp_path / "one")
    assert (code, err) == (0, "")
    assert [line.rpartition(": ")[2] for line in out.splitlines()] == ["0 (>99.99%)"] * 2
    picture = scans / "0.png"
    assert fastnet("predict", picture, "--model", tmp_path / "one", "--explain", tmp_path / "why.png")[0] == 0

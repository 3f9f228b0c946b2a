"""Many pictures: found lazily, answered in order and in chunks, each bad one told and passed over."""

import csv
import json
import os
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from PIL import Image

from benchmarks.studies import batch_prediction
from fastnet import cli
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError
from fastnet.reading import batch
from fastnet.reading.batch import (
    PICTURES_A_SMALL_CHUNK,
    find_pictures,
    read_chunk,
    read_pictures,
    single_thread_processes,
)

N = 7


@pytest.fixture
def scans(tmp_path):
    """Seven digits, a file that is no picture by its content and one that is none by its name, in two directories."""
    directory = tmp_path / "scans"
    (directory / "below").mkdir(parents=True)
    images = load_dataset().test.images[:N].reshape(N, 28, 28)
    for number, image in enumerate(images):
        Image.fromarray(image).save((directory if number < 4 else directory / "below") / f"{number}.png")
    (directory / "broken.png").write_text("no picture")
    (directory / "notes.txt").write_text("no picture")
    return directory


def without_figures(answers):
    """What does not depend on the last bits of a matrix product."""
    return [(answer.keys(), answer["path"], answer.get("text"), answer.get("error")) for answer in answers]


def names(paths):
    return [os.path.basename(path) for path in paths]


def test_pictures_are_found_in_order_and_below(scans):
    assert [name.removesuffix(".png") for name in names(find_pictures([str(scans)]))] == [*"0123", "broken", *"456"]


def test_names_stay_in_their_order_and_those_without_pictures_too(scans, tmp_path):
    (tmp_path / "empty").mkdir()
    given = ["missing.png", str(tmp_path / "empty"), "", str(scans / "below"), "-"]
    assert names(find_pictures(given)) == ["missing.png", "empty", "", "4.png", "5.png", "6.png", "-"]


def test_links_to_directories_are_not_followed(scans):
    (scans / "below" / "loop").symlink_to(scans)
    assert len(list(find_pictures([str(scans)]))) == N + 1


def test_directories_are_read_as_pictures_are_asked_for(tmp_path, monkeypatch):
    for number in range(10):
        (tmp_path / f"{number}.png").touch()
    monkeypatch.setattr(batch, "_NAMES_AT_A_TIME", 3)
    listed = []
    scandir = os.scandir

    class Counting:
        def __init__(self, path):
            self.entries = scandir(path)

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self.entries.close()

        def __iter__(self):
            for entry in self.entries:
                listed.append(entry.name)
                yield entry

    monkeypatch.setattr(os, "scandir", Counting)
    pictures = find_pictures([str(tmp_path)])
    first = next(pictures)
    assert len(listed) == 3
    assert sorted(names([first, *pictures])) == [f"{number}.png" for number in range(10)]


def test_answers_come_in_order_and_errors_in_their_place(scans, predictor):
    labels = load_dataset().test.labels
    results = list(read_pictures(predictor, find_pictures([str(scans)])))
    assert [result.get("digit") for result in results] == [*labels[:4], None, *labels[4:N]]
    assert results[4].keys() == {"path", "error"}
    assert "not a picture" in results[4]["error"]
    json.dumps(results, allow_nan=False)


def test_processes_answer_the_same(scans, predictor):
    paths = list(find_pictures([str(scans)]))
    before = dict(os.environ)
    with single_thread_processes(2, predictor) as pool:
        results = list(read_pictures(None, paths, pool, chunk=3))
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
        assert pool.submit(os.getpid).result() != os.getpid()
    assert without_figures(results) == without_figures(read_chunk(predictor, paths))
    assert dict(os.environ) == before


def test_no_more_chunks_are_under_way_than_were_allowed(predictor):
    taken = []

    class Lazy(ThreadPoolExecutor):
        """Begins a chunk when it is waited for."""

        def submit(self, function, predictor, paths, limits, constraint):
            future = Future()
            future.result = lambda: [{"path": path} for path in paths]
            return future

    def endless():
        while True:
            taken.append(len(taken))
            yield str(taken[-1])

    results = read_pictures(predictor, endless(), Lazy(1), chunk=5, n_ahead=3)
    assert [next(results)["path"] for _ in range(50)] == [str(number) for number in range(50)]
    assert len(taken) == 50 + 2 * 5


def test_process_that_was_killed_is_told(scans, predictor):
    with single_thread_processes(1, predictor) as pool:
        pool.submit(os._exit, 1)
        with pytest.raises(DataError, match="a process that read pictures"):
            list(read_pictures(None, [str(scans / "0.png")] * 500, pool, PICTURES_A_SMALL_CHUNK))


def test_command_writes_csv_and_json_lines(scans, predictor, capsys, tmp_path):
    wanted = list(read_pictures(predictor, find_pictures([str(scans)])))
    for form in ("csv", "jsonl"):
        assert cli.main(["predict", str(scans), "--out", str(tmp_path / f"answers.{form}"), "--json"]) == 1
        captured = capsys.readouterr()
        summary = json.loads(captured.out)
        assert (summary["pictures"], summary["unreadable"]) == (N + 1, 1)
        told = captured.err.splitlines()
        assert told[0] == f"fastnet predict: {scans / 'broken.png'}: " + wanted[4]["error"].split(": ")[1]
        assert told[1:] == [f"fastnet predict: 1 file was passed over as no picture by its name: {scans / 'notes.txt'}"]
    lines = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert without_figures(json.loads(line) for line in lines) == without_figures(wanted)
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [answer["path"] for answer in wanted]
    assert [row["text"] for row in rows] == [answer.get("text", "") for answer in wanted]
    assert [bool(row["error"]) for row in rows] == ["error" in answer for answer in wanted]
    assert float(rows[0]["probability"]) == pytest.approx(wanted[0]["probability"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "answers.csv"], "exists already"),
        (["--out", "answers.xlsx"], "end in .csv or .jsonl"),
        (["--out", "nowhere/answers.csv"], "is no file in a directory that exists"),
        (["--out", "new.csv", "--explain", "why.png"], "do not go together"),
        (["--out", "new.csv", "--model", "no-such-model"], "no such model"),
        (["--out", "new.csv", "--model", ""], "'': no such model"),
    ],
)
def test_answers_that_cannot_be_written_are_refused_before_a_picture_is_read(
    scans, capsys, monkeypatch, options, sentence
):
    monkeypatch.chdir(scans)
    (scans / "answers.csv").write_text("precious")
    assert cli.main(["predict", ".", *options]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert len(captured.err.splitlines()) == 1
    assert (scans / "answers.csv").read_text() == "precious"
    assert not (scans / "new.csv").exists()


def test_benchmark_counts_pictures_and_the_memory_of_all_processes():
    row = batch_prediction.measure(12, 1)
    assert row["pictures"] == 12
    assert row["pictures_per_second"] == pytest.approx(12 / row["seconds"], abs=1)
    command, reader = 15, 15  # megabytes: less than an interpreter with NumPy
    assert command + reader < row["peak_megabytes"] < 2000
    assert "| 12 | 1 |" in batch_prediction.table([row])

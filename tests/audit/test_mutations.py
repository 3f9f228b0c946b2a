"""Whatever is wrong in a model directory: what reads it works, or says what is wrong in one sentence."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from fastnet import Predictor, cli
from fastnet.audit import load_audit, save_audit
from fastnet.audit.inspection import inspect_model
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.session.audit_state import load_audited
from fastnet.dashboard.session.specs import specifications
from fastnet.dashboard.session.store import model_facts
from fastnet.errors import FastnetError
from fastnet.models.calibration import Calibration, read_calibration_document, write_calibration
from fastnet.models.card import model_card
from fastnet.models.exporting import metadata
from fastnet.models.files import read_manifest, read_model
from fastnet.models.sealed import sealed
from fastnet.training.evaluation import evaluate_model
from fastnet.training.runs import load_run, read_history

N_MUTATIONS = 300
ODD = (
    None,
    "text",
    "",
    True,
    -1,
    1e29,
    10**40,
    0,
    0.5,
    float("nan"),
    float("inf"),
    [],
    [None],
    {},
    {"a": [1]},
    [[]] * 3,
)


GONE = object()


@pytest.fixture(scope="module")
def whole(model, audit, tmp_path_factory):
    """A run with a calibration and an audit."""
    directory = shutil.copytree(model, tmp_path_factory.mktemp("mutations") / "model")
    likeness = np.zeros(16 + 10 + 1, np.float32)
    write_calibration(read_model(directory), Calibration(1.5, likeness, 0.0, 0.0, {"digits_kept": 0.98}))
    calibration = dataclasses.replace(audit.figures.calibration, temperature=1.5)
    figures = dataclasses.replace(audit.figures, calibration=calibration)
    save_audit(directory, dataclasses.replace(audit, figures=figures))
    return directory


def readers(directory, digits):
    """All that reads a model."""

    def page():
        library = Library(directory.parent)
        library.names()
        library.history(directory.name)
        predictor = library.load(directory.name)
        model_facts(predictor)
        specifications(predictor)

    return {
        "predictor": lambda: Predictor.load(directory).predict_proba(digits.test.images[:2]),
        "model": lambda: read_model(directory).sha256,
        "card": lambda: model_card(read_manifest(directory), read_calibration_document(directory)),
        "export": lambda: metadata(read_model(directory)),
        "run": lambda: load_run(directory, digits),
        "history": lambda: read_history(directory),
        "inspection": lambda: json.dumps(inspect_model(directory).to_json(), allow_nan=False),
        "inspect": lambda: cli.main(["inspect", str(directory)]),
        "audit": lambda: load_audit(directory).sprite,
        "audit tab": lambda: load_audited(directory),
        "page": page,
    }


def places(content, path=()):
    """The path of every value in JSON; of lists the first item stands for all."""
    items = (
        content.items() if isinstance(content, dict) else enumerate(content[:1]) if isinstance(content, list) else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed_json(content, rng):
    """The same with one value replaced, or gone; a document that has a sum gets that of what it holds now."""
    content = json.loads(content)
    path = (paths := list(places(content)))[rng.integers(len(paths))]
    value = [*ODD, GONE][rng.integers(len(ODD) + 1)]
    change(content, path, value)
    if "sha256" in content:
        content = sealed(content)
    return json.dumps(content).encode(), f"{path} is {value}"


def change(content, path, value):
    """Put another value there, or none if it is GONE."""
    for key in path[:-1]:
        content = content[key]
    if value is GONE:
        del content[path[-1]]
    else:
        content[path[-1]] = value


def other_than(value):
    """A value of the same type, as like as can be."""
    return {
        bool: lambda: not value,
        int: lambda: value + 1,
        float: lambda: value * (1 + 1e-6) + 1e-9,
        str: lambda: value + "x",
        list: lambda: value[1:],
        dict: lambda: {**value, "more": 1},
        type(None): lambda: 0,
    }[type(value)]()


def value_at(content, path):
    for key in path:
        content = content[key]
    return content


def changed_bytes(content, rng):
    """The same with one bit turned, or cut."""
    place = int(rng.integers(len(content)))
    if rng.random() < 0.5:
        return content[:place], f"cut at {place}"
    return content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :], f"byte {place}"


@pytest.mark.parametrize("seed", range(6))
def test_readers_of_a_damaged_model_work_or_say_what_is_wrong(whole, digits, capsys, seed):
    rng = np.random.default_rng(seed)
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    documents = [path for path in files if path.suffix == ".json"]
    read = readers(whole, digits)
    for each in read.values():
        each()
    for number in range(N_MUTATIONS // 6):
        is_document = number % 3
        path = (documents if is_document else files)[rng.integers(len(documents if is_document else files))]
        before = path.read_bytes()
        after, change = (changed_json if is_document else changed_bytes)(before, rng)
        path.write_bytes(after)
        try:
            for name, each in read.items():
                outcome = sentence(each)
                assert outcome is None or "\n" not in outcome, f"{name}: {path.name}, {change}: {outcome}"
        finally:
            path.write_bytes(before)
        capsys.readouterr()


@pytest.mark.parametrize(
    ("name", "refuse"),
    [
        ("manifest.json", "predictor model evaluation card export run inspection audit page"),
        ("calibration.json", "predictor card export audit page"),
        ("history.json", "run history"),
    ],
)
def test_a_changed_field_of_a_document_is_refused_by_all_that_read_it(whole, digits, capsys, name, refuse):
    read = {**readers(whole, digits), "evaluation": lambda: evaluate_model(whole, digits.test)}
    path = whole / name
    before = path.read_bytes()
    try:
        for place in places(json.loads(before)):
            for value in (other_than(value_at(json.loads(before), place)), GONE):
                content = json.loads(before)
                change(content, place, value)
                path.write_text(json.dumps(content))
                for reader in refuse.split():
                    outcome = sentence(read[reader])
                    assert outcome, f"{reader}: {place} is {value}"
                    assert "\n" not in outcome
                assert read["inspect"]() == 2, f"{place} is {value}"
    finally:
        path.write_bytes(before)
        capsys.readouterr()


FILES = (
    *("manifest.json", "W1.npy", "calibration.json", "likeness.npy", "history.json", "checkpoint.npz"),
    *("audit/audit.json", "audit/labels.npy", "audit/images.png"),
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("other", ["FIFO", "endless device", "link to itself", "link to nowhere", "directory", "huge"])
def test_what_is_no_file_of_the_promised_size_is_refused_at_once(whole, digits, capsys, name, other):
    path, kept = whole / name, whole / "kept"
    path.rename(kept)
    try:
        if other == "directory":
            path.mkdir()
        elif other == "FIFO":
            os.mkfifo(path)
        elif other == "huge":
            with path.open("wb") as file:
                file.truncate(10**12)  # sparse
        else:
            path.symlink_to({"endless device": "/dev/zero", "link to itself": path}.get(other, path / "nowhere"))
        outcomes = {name: sentence(reader) for name, reader in readers(whole, digits).items()}
        assert any(outcomes.values()) or readers(whole, digits)["inspect"]() == 2
        assert not any("\n" in (outcome or "") for outcome in outcomes.values()), outcomes
        if name in ("manifest.json", "W1.npy", "calibration.json", "likeness.npy"):
            assert outcomes["predictor"].startswith(f"{path}: ")
    finally:
        path.rmdir() if other == "directory" else path.unlink()
        kept.rename(path)
        capsys.readouterr()


def test_a_document_that_is_laid_out_otherwise_is_the_same(whole, digits):
    for name in ("manifest.json", "calibration.json", "history.json"):
        content = json.loads((whole / name).read_text())
        (whole / name).write_text(json.dumps(content, indent=7, sort_keys=True))
    for reader in readers(whole, digits).values():
        reader()


def sentence(reader):
    """What is said to be wrong, None if nothing is; anything but a FastnetError is no sentence."""
    try:
        reader()
    except FastnetError as error:
        return str(error)
    except Exception as error:
        return f"\n{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("name", ["manifest.json", "calibration.json", "history.json", "audit/audit.json"])
def test_json_that_is_something_else_altogether(whole, digits, name, capsys):
    path = whole / name
    before = path.read_bytes()
    for content in (b"", b"null", b"[]", b"{}", b"5", b'"text"', b"[[[[[]]]]]", b"\xff", b"[" * 10**5, b"NaN"):
        path.write_bytes(content)
        try:
            for reader, each in readers(whole, digits).items():
                assert "\n" not in (sentence(each) or ""), (reader, content[:10])
        finally:
            path.write_bytes(before)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("test", {"accuracy": 1e29}, "test.accuracy must be from 0 to 1, not 1e+29"),
        ("test", {"accuracy": True}, "test.accuracy must be a number, not True"),
        ("data", {"source": 5}, "data.source must be text, not 5"),
        ("epochs", -1, "epochs must be a whole number from 0, not -1"),
        ("recipe", {"eps": float("nan")}, "recipe holds NaN, an infinite number or too many levels"),
        ("environment", {"cpu": ["a"]}, "environment.cpu must be text, not ['a']"),
    ],
)
def test_inspect_names_file_and_field(whole, capsys, field, value, fault):
    path = whole / "manifest.json"
    before = path.read_text()
    path.write_text(json.dumps(sealed({**json.loads(before), field: value})))
    try:
        assert cli.main(["inspect", str(whole), "--json"]) == 2
        captured = capsys.readouterr()
        json.loads(captured.out, parse_constant=pytest.fail)
        assert f"{path}: {fault}" in captured.err
    finally:
        path.write_text(before)

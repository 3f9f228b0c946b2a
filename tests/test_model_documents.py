"""Documents are read field by field, refused by file and field, and written as they were."""

import json
import shutil
from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks.studies import shipping
from fastnet import weights
from fastnet.audit.figures import AuditDocument, Embedding
from fastnet.errors import ModelError
from fastnet.models.calibration import read_calibration_document
from fastnet.models.documents import Manifest, read_strictly
from fastnet.models.fields import FieldError, Share, read_fields, to_json
from fastnet.models.files import read_history, read_manifest
from fastnet.models.sealed import sealed

MANIFEST = {"format": "fastnet-model", "format_version": 1, "layer_sizes": [6, 3], "pixel_scale": 1, "arrays": {}}


@dataclass(frozen=True)
class Inner:
    count: int
    share: Share | None = None


@dataclass(frozen=True)
class Outer:
    number: float
    text: str | None = None
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    named: dict[str, float] = field(default_factory=dict)
    plain: dict[str, object] | None = None
    others: dict[str, object] = field(default_factory=dict)


WHOLE = {"number": 1, "inners": [{"count": 2}], "named": {"a": 0.5}, "new": [1, {"b": None}]}


def test_what_is_read_is_written_as_it_was():
    faults = []
    document = read_fields(Outer, WHOLE, faults)
    assert document.inners == (Inner(2),)
    assert document.others == {"new": [1, {"b": None}]}
    assert to_json(document) == WHOLE
    assert faults == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": True}, "number must be a number, not True"),
        ({"number": float("nan")}, "number must be a number, not nan"),
        ({"number": 10**400}, "number must be a number, not 1000"),
        ({"number": None}, "number must be a number, not None"),
        ({"inners": {}}, "inners must be a list, not {}"),
        ({"inners": [{"count": 1}, {"count": -1}]}, "inners[1].count must be a whole number from 0, not -1"),
        ({"inners": [{"count": 1.0}]}, "inners[0].count must be a whole number from 0, not 1.0"),
        ({"named": {"a": "b\nc"}}, "named.a must be a number, not b c"),
    ],
)
def test_what_is_needed_is_refused_by_its_name(change, sentence):
    with pytest.raises(FieldError) as caught:
        read_fields(Outer, {**WHOLE, **change}, [])
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"text": 5}, "text must be text, not 5"),
        ({"inner": {"count": "many"}}, "inner.count must be a whole number from 0, not many"),
        ({"inner": {"count": 1, "share": 1e29}}, "inner.share must be from 0 to 1, not 1e+29"),
        ({"plain": {"a": [float("inf")]}}, "plain holds NaN, an infinite number or too many levels"),
        ({"newer": float("nan")}, "newer holds NaN, an infinite number or too many levels"),
    ],
)
def test_what_may_be_missing_is_not_known_where_it_is_odd(change, fault):
    faults = []
    document = read_fields(Outer, {**WHOLE, **change}, faults)
    assert faults[0] == fault
    (name,) = change
    if name != "inner" or "share" not in change[name]:
        assert getattr(document, name, None) is None
    json.dumps(to_json(document), allow_nan=False)


@pytest.mark.parametrize("name", weights.names())
def test_documents_of_shipped_models_are_written_byte_for_byte(name):
    directory = weights.DIRECTORY / name
    written = {
        "manifest.json": sealed(to_json(read_manifest(directory))),
        "calibration.json": sealed(to_json(read_calibration_document(directory))),
        "history.json": [to_json(record) for record in read_history(directory)],
    }
    for file, content in written.items():
        assert json.dumps(content, indent=2) + "\n" == (directory / file).read_text(encoding="utf-8")
    assert read_manifest(directory).faults == ()


def test_a_shipped_model_written_again_is_what_it_was_in_the_newest_form(tmp_path):
    shipped, model = weights.DIRECTORY / weights.SMALL, tmp_path / "model"
    shutil.copytree(shipped, model)
    for name in ("manifest.json", "calibration.json"):
        content = json.loads((model / name).read_text())
        for added in ("sha256", "history_sha256"):
            content.pop(added, None)
        (model / name).write_text(json.dumps({**content, "format_version": 1}))
    assert read_history(model) == read_history(shipped)
    shipping.main([str(model), str(model)])
    for path in model.iterdir():
        assert path.is_dir() or path.read_bytes() == (shipped / path.name).read_bytes()


@pytest.mark.parametrize("name", weights.names())
def test_audits_of_shipped_models_are_as_their_types_say(name):
    path = weights.DIRECTORY / name / "audit/audit.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["figures"]["overall"]["loss"]
    with pytest.raises(ModelError, match=r"audit\.json: figures\.overall\.loss must be a number, not None"):
        read_strictly(AuditDocument, path, content)


def test_a_manifest_of_a_newer_fastnet_keeps_what_it_knows_more():
    content = {**MANIFEST, "aim": {"of": [1, 2]}, "data": {"source": "mnist", "language": "en"}}
    written = to_json(Manifest.from_json(content))
    assert written["aim"] == {"of": [1, 2]}
    assert written["data"] == {"source": "mnist", "language": "en"}
    assert list(written)[-1] == "arrays"


def test_numbers_stay_as_they_stand_in_the_file():
    assert type(Manifest.from_json(MANIFEST).pixel_scale) is int
    assert np.float32(Manifest.from_json(MANIFEST).pixel_scale) == 1


def test_a_separation_that_is_not_known_is_read_as_it_was_written():
    path = weights.DIRECTORY / weights.SMALL / "audit/audit.json"
    content = json.loads(path.read_text(encoding="utf-8"))["figures"]["embedding"]
    content["silhouette"]["tsne"] = None  # of points of a single class
    assert to_json(read_strictly(Embedding, path, content)) == content

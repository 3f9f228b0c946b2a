"""Exported models answer elsewhere as they do here, and carry what their manifest says."""

import base64
import hashlib
import json
import re
import sys
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from fastnet import Predictor, cli, weights
from fastnet.data.loading import load_dataset
from fastnet.errors import ModelError, OptionError
from fastnet.models.documents import Manifest
from fastnet.models.exporting import FORMS, export_model
from fastnet.models.fields import to_json
from fastnet.models.files import read_model, write_model
from fastnet.models.sealed import sealed
from fastnet.packages import pip_install

RNG = np.random.default_rng(5)


def make_model(directory, *sizes, classes=None):
    """A model of random weights."""
    parameters = {}
    for number, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{number}"] = RNG.standard_normal((n_in, n_out)).astype(np.float32)
        parameters[f"b{number}"] = RNG.standard_normal(n_out).astype(np.float32)
    directory.mkdir()
    write_model(directory, parameters, Manifest(layer_sizes=sizes, pixel_scale=0.5, classes=classes))
    return directory


def run_onnx(path, images):
    """Logits, probabilities and labels by onnxruntime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits", "probabilities", "labels"], {"images": images})


@pytest.mark.parametrize("name", weights.names())
def test_onnxruntime_answers_as_the_predictor_on_the_whole_test_set(tmp_path, name):
    test, predictor = load_dataset().test, Predictor.load(name)
    export_model(name, tmp_path / "model.onnx", "onnx")
    logits, probabilities, labels = run_onnx(tmp_path / "model.onnx", test.images * np.float32(predictor.pixel_scale))
    np.testing.assert_array_equal(labels, predictor.predict(test.images))
    np.testing.assert_allclose(logits, predictor.logits(test.images), rtol=0, atol=1e-4)
    np.testing.assert_allclose(probabilities, predictor.predict_proba(test.images), rtol=0, atol=1e-5)
    assert np.mean(labels == test.labels) == read_model(name).manifest.test.accuracy


@pytest.mark.parametrize("sizes", [(6, 3), (6, 5, 3), (9, 8, 7, 6, 2)])
@pytest.mark.parametrize("n", [1, 7])
def test_networks_of_any_depth_and_any_number_of_images(tmp_path, sizes, n):
    model, images = make_model(tmp_path / "model", *sizes), RNG.standard_normal((n, sizes[0])).astype(np.float32)
    export_model(model, tmp_path / "model.onnx", "onnx")
    logits, probabilities, labels = run_onnx(tmp_path / "model.onnx", images)
    np.testing.assert_allclose(logits, Predictor.load(model).logits(images), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(probabilities, Predictor.load(model).predict_proba(images), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(labels, logits.argmax(axis=1))


def test_onnx_tells_what_it_is(tmp_path):
    export_model(weights.SMALL, tmp_path / "model.onnx", "onnx")
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 13
    facts = {entry.key: entry.value for entry in model.metadata_props}
    manifest = read_model(weights.SMALL).manifest
    assert json.loads(facts["manifest"]) == json.loads(
        (weights.DIRECTORY / weights.SMALL / "manifest.json").read_text()
    )
    assert json.loads(facts["manifest"]) == sealed(to_json(manifest))
    assert float(facts["test_accuracy"]) == manifest.test.accuracy
    assert float(facts["temperature"]) == Predictor.load(weights.SMALL).calibration.temperature
    assert facts["layer_sizes"] == "784-512-10"
    assert facts["license"] == manifest.license == "MIT"


def test_safetensors_and_npz_hold_the_arrays_bit_for_bit(tmp_path):
    files = read_model(weights.SMALL)
    for form in ("safetensors", "npz"):
        export_model(weights.SMALL, tmp_path / f"model.{form}", form)
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        facts = file.metadata()
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        for arrays in (load_file(tmp_path / "model.safetensors"), archive):
            for name, array in files.parameters.items():
                assert arrays[name].dtype == np.float32
                np.testing.assert_array_equal(arrays[name], array)
        assert {name: str(archive[name]) for name in archive if name not in files.parameters} == facts
    assert json.loads(facts["manifest"]) == sealed(to_json(files.manifest))


@pytest.mark.parametrize("form", FORMS)
def test_file_is_replaced_only_when_asked_for_and_never_by_a_broken_model(tmp_path, form):
    model, target = make_model(tmp_path / "model", 6, 3), tmp_path / "out"
    target.write_text("precious")
    with pytest.raises(OptionError, match="exists already"):
        export_model(model, target, form)
    (model / "W1.npy").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="SHA-256"):
        export_model(model, target, form, overwrite=True)
    assert target.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "out"]
    export_model(weights.SMALL, target, form, overwrite=True)
    assert target.stat().st_size > 10**6


def test_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(files, target):
        target.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(FORMS, "npz", fail)
    with pytest.raises(OSError, match="No space left"):
        export_model(weights.SMALL, tmp_path / "model.npz", "npz")
    assert list(tmp_path.iterdir()) == []


def test_command_names_the_file_after_the_model(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", weights.SMALL, "--to", "npz", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["file"] == f"{weights.SMALL}.npz"
    assert (tmp_path / result["file"]).stat().st_size == result["bytes"]


def test_form_and_place_that_are_none_are_refused(tmp_path):
    with pytest.raises(OptionError, match="onnx, safetensors, npz, html, not 'pickle'"):
        export_model(weights.SMALL, tmp_path / "x", "pickle")
    with pytest.raises(OptionError, match="is no file in a directory that exists"):
        export_model(weights.SMALL, tmp_path / "nowhere" / "x", "npz")


@pytest.mark.parametrize("form", ["onnx", "safetensors"])
def test_missing_package_is_told_and_npz_needs_none(tmp_path, monkeypatch, form):
    monkeypatch.setitem(sys.modules, form, None)
    with pytest.raises(OptionError, match=f"needs more packages: {re.escape(pip_install(form))}$"):
        export_model(weights.SMALL, tmp_path / "model", form)
    assert list(tmp_path.iterdir()) == []
    export_model(weights.SMALL, tmp_path / "model", "npz")


def test_page_is_one_small_file_that_names_no_other(tmp_path):
    page = export_model(weights.SMALL, tmp_path / "page.html", "html").read_text(encoding="utf-8")
    assert len(page.encode()) < 2 * 10**6
    assert re.findall(r"https?:|\bsrc=|@import|url\(", page) == []
    assert re.findall(r'href="([^"]*)"', page) == ["data:,"]


def test_page_lets_nothing_run_or_load_but_its_own(tmp_path):
    page = export_model(weights.SMALL, tmp_path / "page.html", "html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; ")
    for opening, directive in (('<script type="module">', "script-src"), ("<style>", "style-src")):
        content = page.split(opening)[1].split("</")[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy


def test_page_ends_where_it_should_whatever_names_are_in_it(tmp_path):
    bad = "</script><img src=x onerror=alert(1)>"
    model = make_model(tmp_path / "a&b", 784, 5, 2, classes=(bad, "<!--"))
    page = export_model(model, tmp_path / "page.html", "html").read_text(encoding="utf-8")
    assert page.count("</script>") == 3
    assert not any(name in page for name in (bad, "<!--", "a&b:"))
    assert json.loads(page.split('id="model">')[1].split("</script>")[0])["classes"] == [bad, "<!--"]


def test_page_is_refused_for_other_images_and_for_weights_that_are_too_large(tmp_path):
    with pytest.raises(OptionError, match="28x28 pixels, 784 numbers, and this model takes 6 numbers"):
        export_model(make_model(tmp_path / "other", 6, 3), tmp_path / "page.html", "html")
    parameters = {"W1": np.full((784, 2), 1e6, np.float32), "b1": np.zeros(2, np.float32)}
    (tmp_path / "large").mkdir()
    write_model(tmp_path / "large", parameters, Manifest(layer_sizes=(784, 2), pixel_scale=1 / 255))
    with pytest.raises(OptionError, match="up to 65,504, and this model has larger ones"):
        export_model(tmp_path / "large", tmp_path / "page.html", "html")
    assert not (tmp_path / "page.html").exists()

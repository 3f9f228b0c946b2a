"""Models for other programs, each one file: ONNX, safetensors or a NumPy archive with the manifest inside, or a page.

NumPy alone writes archive and page; the other two need the packages `onnx` and `safetensors`.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.errors import OptionError
from fastnet.files import require_new, whole_file
from fastnet.packages import require_packages
from fastnet.version import __version__

from .calibration import read_calibration
from .card import data_name
from .fields import to_json
from .files import ModelFiles, read_model
from .network import Network
from .sealed import sealed
from .webpage import page_of

_OPSET = 13  # of December 2020: since then a softmax is over one axis
_IR_VERSION = 7  # of the same release
_ONNX_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "identity": "Identity"}
_MOST_ONNX_BYTES = 2**31 - 2**20  # protobuf's limit, less some room for the graph


def export_model(model: str | Path, target: str | Path, form: str, overwrite: bool = False) -> Path:
    """Write a model directory, or a shipped model by its name, as one file of that form; return its path.

    `form` is one of `FORMS`. The file appears whole or not at all. ModelError for a model that is not sound;
    OptionError for another form, a file that exists, packages that are missing, or a model that the form cannot hold.
    """
    if form not in FORMS:
        raise OptionError(f"a model is exported to {', '.join(FORMS)}, not {form!r}")
    target = Path(target)
    require_new(target, overwrite)
    files = read_model(model)
    with whole_file(target) as new:
        FORMS[form](files, new)
    return target


def metadata(files: ModelFiles) -> dict[str, str]:
    """What goes with the arrays, as strings; `manifest` is all of it as JSON, the others are for reading."""
    manifest, calibration = files.manifest, read_calibration(files)
    known = {
        "fastnet_version": manifest.fastnet_version,
        "layer_sizes": manifest.layers,
        "pixel_scale": manifest.pixel_scale,
        "temperature": calibration.temperature if calibration else 1.0,
        "data": data_name(manifest),
        "test_accuracy": manifest.test.accuracy if manifest.test else None,
        "test_r2": manifest.test.r2 if manifest.test else None,
        "activation": manifest.activation,
        "loss": manifest.loss,
        "license": manifest.license,
        "manifest": json.dumps(sealed(to_json(manifest))),
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def to_onnx(files: ModelFiles, target: Path) -> None:
    """Write an ONNX graph of opset 13, for any number of images.

    Of several labels, `probabilities` are 1 / (1 + exp(-logits / temperature)) and `labels` int64 `(n, n_labels)`, 0 or
    1; of a regression there is one output, `predictions`, float32 `(n, n_outputs)`.

    In: `images`, float32 `(n, n_features)`, scaled as floating-point pixels are for `Predictor` (MNIST: 0 to 1, that is
    uint8 pixels times `pixel_scale`). Out: `logits` and `probabilities`, float32 `(n, n_classes)`, and `labels`, int64
    `(n,)`. The probabilities are those of the calibrated model, softmax(logits / temperature).
    """
    require_packages("ONNX", "onnx")
    import onnx
    from onnx import TensorProto, checker, helper, numpy_helper

    parameters, facts = files.parameters, metadata(files)
    if sum(array.nbytes for array in parameters.values()) > _MOST_ONNX_BYTES:
        raise OptionError("an ONNX file holds at most 2 GB, and this model is larger: try safetensors")
    n_features, *hidden, n_classes = Network.of(parameters).layer_sizes
    n_layers = len(hidden) + 1
    nodes, activations = [], "images"
    for number in range(1, n_layers):
        nodes.append(helper.make_node("Gemm", [activations, f"W{number}", f"b{number}"], [f"sums{number}"]))
        activations = f"hidden{number}"
        nodes.append(helper.make_node(_ONNX_ACTIVATIONS[files.activation], [f"sums{number}"], [activations]))
    last = [activations, f"W{n_layers}", f"b{n_layers}"]
    constants = dict(parameters)
    if files.manifest.of_regression:
        function = "Exp" if files.loss == "poisson" else "Identity"
        nodes += [helper.make_node("Gemm", last, ["sums"]), helper.make_node(function, ["sums"], ["predictions"])]
        answers = [helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["n", n_classes])]
    else:
        constants["temperature"] = np.array(facts["temperature"], np.float32)
        nodes += [
            helper.make_node("Gemm", last, ["logits"]),
            helper.make_node("Div", ["logits", "temperature"], ["calibrated"]),
            *_onnx_classes(files.loss),
        ]
        answers = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", n_classes]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", n_classes]),
            helper.make_tensor_value_info(
                "labels", TensorProto.INT64, ["n"] if files.loss == "cross_entropy" else ["n", n_classes]
            ),
        ]
    graph = helper.make_graph(
        nodes,
        "fastnet",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", n_features])],
        answers,
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    model.producer_name, model.producer_version = "fastnet", __version__
    helper.set_model_props(model, facts)
    checker.check_model(model, full_check=True)
    onnx.save(model, target, format="protobuf")


def _onnx_classes(loss: str) -> list[Any]:
    """The nodes from the calibrated logits to probabilities, and to classes or to each of several labels."""
    from onnx import TensorProto, helper

    if loss == "cross_entropy":
        return [
            helper.make_node("Softmax", ["calibrated"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["logits"], ["labels"], axis=1, keepdims=0),
        ]
    return [
        helper.make_node("Sigmoid", ["calibrated"], ["probabilities"]),
        helper.make_node("Sub", ["logits", "logits"], ["zeros"]),
        helper.make_node("Greater", ["logits", "zeros"], ["are_there"]),
        helper.make_node("Cast", ["are_there"], ["labels"], to=TensorProto.INT64),
    ]


def to_safetensors(files: ModelFiles, target: Path) -> None:
    """Write W1 `(n_in, n_out)`, b1 `(n_out,)`, W2, ... in safetensors, with the `metadata`."""
    require_packages("safetensors", "safetensors")
    from safetensors.numpy import save

    target.write_bytes(save(files.parameters, metadata(files)))  # its own writing has errors of its own


def to_npz(files: ModelFiles, target: Path) -> None:
    """Write W1, b1, W2, ... for `numpy.load`, and each of `metadata` as an array of one string; nothing is pickled."""
    strings = {name: np.array(text) for name, text in metadata(files).items()}
    with target.open("wb") as file:
        np.savez(file, **files.parameters, **strings)  # type: ignore[arg-type]


def to_html(files: ModelFiles, target: Path) -> None:
    """Write a page that reads what is drawn, by itself, in any browser: see `webpage`."""
    target.write_bytes(page_of(files).encode("utf-8", "replace"))


FORMS: dict[str, Callable[[ModelFiles, Path], None]] = {
    "onnx": to_onnx,
    "safetensors": to_safetensors,
    "npz": to_npz,
    "html": to_html,
}

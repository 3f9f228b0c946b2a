"""Several networks as one: side by side in the same layers, with the mean of their logits at the end.

The mean of the logits of networks of equally many layers is again such a network, so that an ensemble is a model like
any other: it is read, calibrated, audited, exported and shown by what knows nothing of ensembles. Its hidden layers are
those of the members beside each other, with zeros from a member to the others; its last layer sums what each member's
would answer, divided by their number. Probabilities are then the geometric mean of the members', made to sum to 1:
calibrated ones, as a member's logits are divided by its temperature first, if it has one. Else a member that is surer
than it should be would count for more than the others.
"""

from collections.abc import Callable, Sequence

import numpy as np

from fastnet.errors import OptionError
from fastnet.version import __version__

from .calibration import read_calibration
from .documents import FORMAT_VERSION, FORMAT_VERSION_OF_KINDS, DataFacts, Manifest, Member
from .files import ModelFiles, count_parameters
from .network import Layer, Network

# What the members of an ensemble have in common, in the words of an error.
_ALIKE: dict[str, Callable[[ModelFiles], object]] = {
    "number of inputs": lambda files: files.layer_sizes[0],
    "number of outputs": lambda files: files.layer_sizes[-1],
    "number of layers": lambda files: len(files.layer_sizes),
    "activation": lambda files: files.activation,
    "loss": lambda files: files.loss,
    "classes": lambda files: files.manifest.class_names,
    "scale of the pixels": lambda files: files.pixel_scale,
    "table": lambda files: files.manifest.table,
    "training data": lambda files: files.manifest.data and files.manifest.data.sha256,
}


def joined(members: Sequence[ModelFiles]) -> Network:
    """The network that answers the mean of the members' calibrated logits; OptionError where they don't fit together.

    ModelError for a member whose calibration is not sound.
    """
    if len(members) < 2:
        raise OptionError("an ensemble has two members or more")
    for files in members:
        if files.manifest.members:
            raise OptionError(f"{files.directory}: is an ensemble itself; name its members")
    first, *others = members
    for other in others:
        for name, of in _ALIKE.items():
            if of(other) != of(first):
                raise OptionError(
                    f"{other.directory}: has another {name} than {first.directory}, and a mean of both makes no network"
                )
    networks = [Network.of(files.parameters, files.activation) for files in members]
    *hidden, last = zip(*(network.layers for network in networks), strict=True)
    shares = [np.float32(1 / (len(members) * _temperature(files))) for files in members]
    scaled = [Layer(layer.w * share, layer.b * share) for layer, share in zip(last, shares, strict=True)]
    w = np.concatenate([layer.w for layer in scaled]) if hidden else np.sum([layer.w for layer in scaled], axis=0)
    end = Layer(w, np.sum([layer.b for layer in scaled], axis=0))
    return Network([*(_beside(layers, is_first=not n) for n, layers in enumerate(hidden)), end], first.activation)


def manifest_of(members: Sequence[ModelFiles], network: Network) -> Manifest:
    """The manifest of the ensemble of these members, all but its arrays and how well it does on the test set."""
    first = members[0].manifest
    data, licences = first.data or DataFacts(), {files.manifest.license for files in members}
    is_of_before = (first.activation, first.loss, first.table) == (None, None, None)
    return Manifest(
        format_version=FORMAT_VERSION if is_of_before else FORMAT_VERSION_OF_KINDS,
        fastnet_version=__version__,
        layer_sizes=network.layer_sizes,
        classes=first.classes,
        pixel_scale=first.pixel_scale,
        activation=first.activation,
        loss=first.loss,
        table=first.table,
        n_parameters=count_parameters(network.layer_sizes),
        members=tuple(_member(files) for files in members),
        data=DataFacts(
            source=data.source,
            sha256=data.sha256,
            n_test=data.n_test,
            label=data.label,
            transposed=data.transposed,
            corrections=data.corrections,
            target=data.target,
        ),
        license=licences.pop() if len(licences) == 1 else None,
    )


def _beside(layers: Sequence[Layer], is_first: bool) -> Layer:
    """Layers beside each other: the first ones see the same pixels, the others each what its own network made."""
    b = np.concatenate([layer.b for layer in layers])
    if is_first:
        return Layer(np.hstack([layer.w for layer in layers]), b)
    w = np.zeros((sum(len(layer.w) for layer in layers), len(b)), np.float32)
    row = column = 0
    for layer in layers:
        n_in, n_out = layer.w.shape
        w[row : row + n_in, column : column + n_out] = layer.w
        row, column = row + n_in, column + n_out
    return Layer(w, b)


def _temperature(files: ModelFiles) -> float:
    calibration = read_calibration(files)
    return calibration.temperature if calibration else 1.0


def _member(files: ModelFiles) -> Member:
    origin, recipe = files.origin, files.manifest.recipe
    return Member(origin.model, origin.sha256, count_parameters(files.layer_sizes), recipe)

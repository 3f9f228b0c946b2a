"""Put trained models together as one, the mean of their logits, and measure it on the test set that they share."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fastnet.data.samples import Dataset
from fastnet.files import claim_new, whole_directory
from fastnet.models.data import training_data_of
from fastnet.models.documents import Score
from fastnet.models.ensemble import joined, manifest_of
from fastnet.models.files import ModelFiles, read_model, write_model

from .evaluation import Evaluation, measure


def save_ensemble(models: Sequence[str | Path], directory: str | Path, data: Dataset | None = None) -> Evaluation:
    """Write the ensemble of model directories or shipped models as a new model directory; how it does on the test set.

    `data` is what the members were trained on, if that is not any more where it was. The directory appears whole or not
    at all. ModelError for a model that is not sound; OptionError for fewer than two, for models that differ in more
    than the sizes of their hidden layers or were trained on different data, and for a directory that exists.
    """
    directory = Path(directory)
    with claim_new(directory):
        members = [read_model(model) for model in models]
        network = joined(members)
        manifest, parameters = manifest_of(members, network), network.parameters()
        evaluation = measure(ModelFiles(directory, manifest, parameters), training_data_of(members[0], data).test)
        test = Score(evaluation.accuracy, evaluation.loss, evaluation.r2)
        with whole_directory(directory) as new:
            write_model(new, parameters, replace(manifest, test=test))
    return evaluation

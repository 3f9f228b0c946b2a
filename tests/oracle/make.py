"""Make steps.json: the first steps of the plain recipe by PyTorch, in double precision, as an oracle from outside.

    pip install -e .[peers]    # PyTorch 2.13.0; steps.json says which versions made it
    python tests/oracle/make.py

PyTorch's own layers, loss, clipping and optimisers take the steps. What is fastnet's are the initial weights, the
mini-batches and the learning rates, all of which follow from the recipe. Dropout is off in all cases: two programs that
draw their masks differently have no losses to compare.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fastnet.data.loading import load_dataset
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import Training

STEPS = 10
PLAIN = {"warmup_epochs": 0.0, "weight_decay": 0.0}  # full steps from the first: more to be right about
CASES: dict[str, dict[str, float]] = {
    "the plain recipe": {},
    "plain": PLAIN,
    "weight decay": {**PLAIN, "weight_decay": 0.1},
    "L2": {**PLAIN, "l2": 0.5},
    "label smoothing": {**PLAIN, "label_smoothing": 0.1},
    "clipping": {**PLAIN, "clip_norm": 0.5},
}


def main() -> None:
    """Take the steps of each case; write the file."""
    cases = {name: {"recipe": changes, **steps(Recipe(**changes))} for name, changes in CASES.items()}
    answer = {"torch": torch.__version__, "numpy": np.__version__, "cases": cases}
    Path(__file__).with_name("steps.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


def steps(recipe: Recipe) -> dict[str, Any]:
    """The loss of each mini-batch before its step, and the 2-norm of each parameter after the last."""
    training = Training(load_dataset(), recipe)
    model = model_of(training)
    optimizer = optimizer_of(model, recipe)
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    losses = []
    for pixels, labels, learning_rate in batches(training):
        loss = criterion(model(torch.from_numpy(pixels)), torch.from_numpy(labels))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        if recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        optimizer.step()
    names = training.network.parameters()  # W1, b1, W2, ... as PyTorch has them, too
    return {
        "losses": losses,
        "norms": {name: array.norm().item() for name, array in zip(names, model.parameters(), strict=True)},
    }


def model_of(training: Training) -> nn.Sequential:
    """The network as PyTorch has it, with the initial weights."""
    modules: list[nn.Module] = []
    for layer in training.network.layers:
        linear = nn.Linear(*layer.w.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.w.T))
            linear.bias.copy_(torch.from_numpy(layer.b))
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def optimizer_of(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW for decoupled decay; Adam for a penalty, whose gradient it adds after the clipping. Biases have neither."""
    biases = [array for array in model.parameters() if array.ndim == 1]
    weights = [array for array in model.parameters() if array.ndim == 2]
    settings: dict[str, Any] = {"betas": (recipe.beta1, recipe.beta2), "eps": recipe.eps}
    kind, decay = (torch.optim.AdamW, recipe.weight_decay)
    if recipe.l2:
        kind, decay = (torch.optim.Adam, recipe.l2 / recipe.batch_size)
    return kind([{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}], **settings)


def batches(training: Training) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Pixels, float64, labels and learning rate of each step, as the training hands them to its engine."""
    size, found = training.recipe.batch_size, []

    def record(samples, rows, first_step, learning_rates):
        for i, learning_rate in enumerate(learning_rates.tolist()):
            batch = samples.take(rows[i * size : (i + 1) * size])
            found.append((batch.pixels * np.float64(batch.scale), batch.labels.copy(), learning_rate))
        return np.zeros(len(learning_rates)), np.zeros(len(learning_rates))

    training.engine.train_steps = record
    training.run(n_steps=STEPS)
    return found


if __name__ == "__main__":
    main()

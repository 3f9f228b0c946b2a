"""Recipes with a name, for `fastnet train --recipe NAME`; docs/recipe.md tells how they were found."""

import dataclasses

from .augmentation import Augmentation
from .recipe import Recipe

SEED = Recipe()

# The seed network, on distorted digits: it doesn't know them by heart, so that more epochs go on to help.
BEST = Recipe(
    epochs=180,
    batch_size=128,
    learning_rate=4e-3,
    weight_decay=0.05,
    augmentation=Augmentation(),
)

FAST = dataclasses.replace(BEST, epochs=30)

# Three hidden layers, 3.2 million weights: more to learn with, so more to learn, for longer. Most digits are soon read
# well; steps are taken on the others.
BEST_LARGE = dataclasses.replace(
    BEST,
    hidden=(1500, 1000, 500),
    epochs=900,
    learning_rate=1e-3,
    dropout=0.1,
    selectivity=0.25,
    augmentation=Augmentation(rotation=12, scale=0.15, aspect=0.12, shear=12, shift=1.5, elastic=1.2),
)

RECIPES = {"seed": SEED, "fast": FAST, "best": BEST, "best-large": BEST_LARGE}

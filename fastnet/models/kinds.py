"""The losses that a network is trained with, which decide what its outputs mean. No NumPy here: recipes know them."""

LOSSES = ("cross_entropy", "logistic", "squared_error", "poisson")
REGRESSIONS = LOSSES[2:]

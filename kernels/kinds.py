"""The names of what may follow a hidden layer. No NumPy here: a recipe knows them, and `fastnet --help` shows them."""

ACTIVATIONS = ("relu", "tanh", "logistic", "identity")

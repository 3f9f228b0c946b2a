"""scikit-learn's MLPClassifier with the same hyper-parameters: an epoch is one `partial_fit` on all samples."""

import numpy as np
from sklearn.neural_network import MLPClassifier

from .fitting import Fitter
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, serve


class ScikitLearn(Fitter):
    """It computes in float32, as the images are; the threads are those of the BLAS, set before the process starts."""

    packages = ("scikit-learn", "numpy", "scipy")

    def fresh(self) -> None:
        self.model = MLPClassifier(
            hidden_layer_sizes=self.hidden,
            solver="adam",
            alpha=0.0,
            batch_size=self.batch_size,
            learning_rate_init=LEARNING_RATE,
            beta_1=BETA1,
            beta_2=BETA2,
            epsilon=EPS,
            shuffle=True,
            random_state=0,
        )

    def fit(self, x: np.ndarray, y: np.ndarray) -> float:
        self.model.partial_fit(x, y, classes=np.arange(self.dataset.n_classes))
        loss: float = self.model.loss_
        return loss

    def classes_of(self, x: np.ndarray) -> np.ndarray:
        classes: np.ndarray = self.model.predict(x)
        return classes


if __name__ == "__main__":
    serve(ScikitLearn)

"""PyTorch, as its users would make it fast on a CPU: no DataLoader, a manual loop, a fused optimizer.

Settings that are tried, besides the threads:

- "optimizer": "fused" or "foreach";
- "batches": "gather" (the rows of each mini-batch) or "permute" (all rows once an epoch, then slices);
- "pixels": "float32" or "uint8" (converted a mini-batch at a time);
- "compile": "" (eager), or a mode of torch.compile for forward and loss, and with them the backward.

"precision" is that of products, for `torch.set_float32_matmul_precision`: "medium" lets them round to bfloat16.

Denormals are flushed in any case. Gradients are set to None, which is faster than filling them with zeros.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from . import protocol
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, Peer, dense_images, scaled_images, serve


class PyTorch(Peer):
    """An nn.Sequential of Linear and ReLU."""

    packages = ("torch", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        torch.set_flush_denormal(True)  # before the threads start: they take it over
        torch.set_num_threads(self.threads)
        torch.set_float32_matmul_precision(settings.get("precision", "highest"))
        self.permutes = settings.get("batches", "gather") == "permute"
        self._data: tuple[torch.Tensor, torch.Tensor] | None = None

    def fresh(self) -> None:
        layers = []
        for weights in self.initial_weights():
            linear = torch.nn.Linear(*weights.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weights.T))
                linear.bias.zero_()
            layers += [linear, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1])
        self.optimizer = self.new_optimizer(self.model.parameters())
        model = self.model
        scale = self.dataset.train.scale

        def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            if x.dtype == torch.uint8:
                x = x.float() * scale
            return functional.cross_entropy(model(x), y)

        mode = self.settings.get("compile", "")
        self.loss_of = torch.compile(loss_of, mode=mode, dynamic=False) if mode else loss_of

    def new_optimizer(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Adam:
        kind = {self.settings.get("optimizer", "fused"): True}
        return torch.optim.Adam(parameters, lr=LEARNING_RATE, betas=(BETA1, BETA2), eps=EPS, **kind)

    @property
    def data(self) -> tuple[torch.Tensor, torch.Tensor]:
        """All images and labels; for "permute" also room for them in another order."""
        if self._data is None:
            images = torch.from_numpy(dense_images(self.dataset.train))
            if self.settings.get("pixels", "float32") == "float32":
                images = images.float().mul_(self.dataset.train.scale)
            labels = torch.from_numpy(self.dataset.train.labels)
            self._data = images, labels
            if self.permutes:
                self._permuted = torch.empty_like(images), torch.empty_like(labels)
        return self._data

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        images, labels = self.data
        order = torch.from_numpy(rows)
        started = time.perf_counter()
        if self.permutes:
            n = len(rows)
            x, y = (array[:n] for array in self._permuted)
            torch.index_select(images, 0, order, out=x)
            torch.index_select(labels, 0, order, out=y)
        for start in range(0, len(rows), self.batch_size):
            end = start + self.batch_size
            if self.permutes:
                x_batch, y_batch = x[start:end], y[start:end]
            else:
                batch = order[start:end]
                x_batch, y_batch = images.index_select(0, batch), labels.index_select(0, batch)
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss_of(x_batch, y_batch)
            loss.backward()
            self.optimizer.step()
        last_loss = loss.item()
        return time.perf_counter() - started, last_loss

    def warm(self) -> None:
        super().warm()
        self.train(np.arange(3 * self.batch_size))  # what is made at the second call

    @torch.inference_mode()
    def accuracy(self) -> float:
        images = torch.from_numpy(scaled_images(self.dataset.test))
        classes = self.model(images).argmax(dim=1)
        share: float = (classes == torch.from_numpy(self.dataset.test.labels)).float().mean().item()
        return share

    @torch.inference_mode()
    def kernel_linear_relu(self) -> Callable[[], object]:
        x, w, b = (torch.from_numpy(array) for array in protocol.linear_relu_arrays())
        out = torch.empty(len(x), len(b))

        def call() -> None:
            torch.relu_(torch.addmm(b, x, w, out=out))

        infer: Callable[[], object] = torch.inference_mode()(call)
        return infer

    def kernel_adam_step(self) -> Callable[[], object]:
        param, grad = (torch.from_numpy(array) for array in protocol.adam_arrays())
        parameter = torch.nn.Parameter(param)
        parameter.grad = grad
        step: Callable[[], object] = self.new_optimizer([parameter]).step
        return step

    def kernel_inference(self) -> Callable[[], object]:
        """The images are float32 already, unless "pixels" says uint8; "chunk" of them go through at once."""
        self.fresh()
        images = torch.from_numpy(self.dataset.test.images)
        if self.settings.get("pixels", "float32") == "float32":
            images = images.float() * self.dataset.test.scale
        chunk = self.settings.get("chunk", len(images))
        model = self.model
        mode = self.settings.get("compile", "")
        if mode:
            model = torch.compile(model, mode=mode, dynamic=False)

        def call() -> torch.Tensor:
            answers = []
            for x in images.split(chunk):
                if x.dtype == torch.uint8:
                    x = x.float().mul_(1 / 255)
                answers.append(model(x).argmax(dim=1))
            return torch.cat(answers)

        infer: Callable[[], object] = torch.inference_mode()(call)
        return infer


if __name__ == "__main__":
    serve(PyTorch)

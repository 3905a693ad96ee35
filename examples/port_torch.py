"""A PyTorch network that goes on training elsewhere: brought in, verified, trained on another backend, handed back.

The data are the 1,797 digits of 8 x 8 pixels bundled with scikit-learn (UCI, Alpaydin and Kaynak, 1998); every fifth is
kept for testing.

    python examples/port_torch.py                      # trained on jax
    python examples/port_torch.py --backend tensorflow
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

import multiback as mb

EPOCHS = 4
BATCH = 32


class Net(nn.Module):
    """Two convolutions with batch norm and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(32, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


def load_data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images (n, 1, 8, 8) in [0, 1] and labels, for training and for testing."""
    digits = load_digits()
    images = (digits.images / 16.0).astype("float32")[:, None]
    test = np.arange(len(images)) % 5 == 0
    return images[~test], digits.target[~test], images[test], digits.target[test]


def train_in_torch(net: nn.Module, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    """Plain PyTorch."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    net.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(torch.from_numpy(x[rows])), torch.from_numpy(y[rows])).backward()
            optimizer.step()


def accuracy_in_torch(net: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """The share of digits that a module tells."""
    net.eval()
    with torch.no_grad():
        return float((net(torch.from_numpy(x)).argmax(1).numpy() == y).mean())


def main() -> None:
    """Trains in torch, then here, then asks torch again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="jax", choices=("torch", "jax", "tensorflow", "numpy"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    torch.manual_seed(0)
    x, y, test_x, test_y = load_data()
    net = Net()
    train_in_torch(net, x, y, options.epochs)
    print(f"torch, {options.epochs} epochs: {accuracy_in_torch(net, test_x, test_y):.1%} of the test digits")

    model = mb.from_torch(net, torch.from_numpy(x[:8]))
    print(model.port_report)
    loss = mb.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(mb.optimizers.Adam(1e-3), loss, metrics=["accuracy"], backend=options.backend)
    model.fit(x, y, batch_size=BATCH, epochs=options.epochs, verbose=0)
    _, accuracy = model.evaluate(test_x, test_y, verbose=0)
    print(f"{options.backend}, {options.epochs} epochs more: {accuracy:.1%}")

    state = {w.path: torch.from_numpy(np.array(w.numpy())) for w in model.weights}
    net.load_state_dict(state)
    print(f"torch, with the weights that came back: {accuracy_in_torch(net, test_x, test_y):.1%}")


if __name__ == "__main__":
    main()

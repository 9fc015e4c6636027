"""Generated features: a prototype per class plus noise, to try feature-based models from end to end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def prototypes(classes: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a unit vector (C, D) per class."""
    drawn = rng.normal(size=(classes, width))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def noisy_features(
    labels: NDArray[np.integer], classes: NDArray[np.float32], noise: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return features (T, D) of labels (T,): their prototypes (C, D) and noise of that norm on average."""
    width = classes.shape[1]
    return (classes[labels] + rng.normal(0, noise / np.sqrt(width), (len(labels), width))).astype(np.float32)


def step_sequence(classes: int, steps: int, shortest: int, longest: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the frame labels (T,) of a procedure: steps of different classes in a row, of drawn lengths [frames]."""
    order = [int(rng.integers(classes))]
    while len(order) < steps:
        order.append((order[-1] + 1 + int(rng.integers(classes - 1))) % classes)
    return np.repeat(np.array(order), rng.integers(shortest, longest + 1, size=steps))

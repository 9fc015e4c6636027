"""Which images, questions and augmentations every step of a run gets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from torch.utils.data import Dataset

from annexe_ros.core.errors import AnnexeError
from annexe_ros.training.batches import Batch, Collator
from annexe_ros.training.samples import Samples


class StepBatches(Dataset[Batch | AnnexeError]):
    """Item k is the k-th batch of a run: a function of seed, k and process alone.

    So a run that was killed goes on with the very batches that it would have had. Epochs follow each other without a
    gap, each in an order of its own; several processes share every epoch's images.

    Args:
        samples, collator: where batches come from.
        batch_size: images per batch.
        seed: of order and augmentation.
        process, processes: which share of the images this process gets.
    """

    def __init__(
        self, samples: Samples, collator: Collator, batch_size: int, seed: int, process: int = 0, processes: int = 1
    ) -> None:
        self.samples, self.collator, self.batch_size, self.seed = samples, collator, batch_size, seed
        self.process, self.processes = process, processes
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def __getitem__(self, number: int) -> Batch | AnnexeError:
        """Return batch ``number``, counted from 0, or what is wrong with its data, for ``checked`` to raise.

        PyTorch makes what is raised in a worker anew from a traceback, which errors made from facts don't take.
        """
        try:
            samples = [self.samples.draw(index, epoch) for epoch, index in self.drawn(number)]
            return self.collator(samples, np.random.default_rng([self.seed, number, self.process]))
        except AnnexeError as error:
            return error

    def drawn(self, number: int) -> Iterator[tuple[int, int]]:
        """Yield (epoch, index) of the images of a batch."""
        first = (number * self.processes + self.process) * self.batch_size
        for place in range(first, first + self.batch_size):
            epoch, position = divmod(place, len(self.samples))
            yield epoch, int(self._order(epoch)[position])

    def _shuffled(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.samples))


def checked(batch: Batch | AnnexeError) -> Batch:
    """Return the batch, or raise the error that a reader met in its place."""
    if isinstance(batch, AnnexeError):
        raise batch
    return batch

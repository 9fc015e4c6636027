"""Which step of a procedure is being done, causally: a causal MS-TCN over the features of all windows so far.

A trained tracker is a folder: ``config.json`` with names, sizes and the sequences that the forecast is learned from,
and ``model.safetensors``. Features come from a clip encoder that the folder names, one every ``stride_s``.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from annexe_ros.core.errors import ModelNotFoundError, ParameterError
from annexe_ros.core.event import NANOSECONDS
from annexe_ros.core.procedure import NextStep, StepEstimate, StepForecast, ViewedWindow
from annexe_ros.procedures.segmentation.mstcn import MsTcn, MsTcnSettings
from annexe_ros.procedures.tracking.forecast import StepForecaster
from annexe_ros.procedures.tracking.pace import Pace

CONFIG_NAME, WEIGHTS_NAME = "config.json", "model.safetensors"
LEAST_STRIDES = 2
"""A step that was recognised for fewer windows between others counts as a mistake and leaves the history."""


@dataclass(frozen=True)
class TrackerConfig:
    """What a tracker knows besides its weights.

    Attributes:
        labels: names of the steps by number; 0 is what belongs to none.
        encoder: name or folder of the clip encoder.
        window_s, stride_s: time that a window stands for, and between the ends of two [s].
        segmentation: sizes of the network.
        sequences: per training recording its steps in order, as (number, duration [s]).
    """

    labels: tuple[str, ...]
    encoder: str
    window_s: float
    stride_s: float
    segmentation: MsTcnSettings
    sequences: tuple[tuple[tuple[int, float], ...], ...]


class TrackerModel:
    """A trained tracker: configuration, network and forecast. It keeps nothing of what it sees."""

    def __init__(self, config: TrackerConfig, network: MsTcn, name: str = "") -> None:
        self.config, self.name = config, name
        self.forecaster = StepForecaster(config.sequences)
        self._network = network.eval()

    @property
    def memory(self) -> int:
        """How many windows before the newest one its result may hang on."""
        s = self._network.settings
        return s.stages * 2 * (2**s.layers - 1)

    def check_features(self, encoder: str, width: int) -> None:
        """Raise ``ParameterError`` where an encoder's features aren't as wide as those that were learned from."""
        if width != (known := self.config.segmentation.width):
            raise ParameterError(
                f"encoder '{encoder}' makes features of {width} numbers, but the tracker learned from {known} "
                f"(of '{self.config.encoder}')"
            )

    @torch.inference_mode()
    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability (C,) of each step at the last of the windows' features (T, P)."""
        maps = torch.from_numpy(np.ascontiguousarray(features.T))[None].to(self._network.device)
        return self._network(maps)[-1, 0, :, -1].double().softmax(0).cpu().numpy()

    def save(self, folder: Path) -> None:
        """Write the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_NAME).write_text(json.dumps(asdict(self.config), indent=1) + "\n", encoding="utf-8")
        save_file(self._network.state_dict(), folder / WEIGHTS_NAME)

    @classmethod
    def load(cls, folder: Path) -> TrackerModel:
        """Read the folder; raises ``ModelNotFoundError``."""
        try:
            written = json.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))
            settings = MsTcnSettings(**written.pop("segmentation"))
            sequences = tuple(tuple((int(s), float(d)) for s, d in one) for one in written.pop("sequences"))
            labels = tuple(map(str, written.pop("labels")))
            config = TrackerConfig(**written, labels=labels, segmentation=settings, sequences=sequences)
            network = MsTcn(settings)
            network.load_state_dict(load_file(folder / WEIGHTS_NAME))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
            raise ModelNotFoundError(folder, f"no step tracker can be loaded ({error})") from error
        return cls(config, network, folder.name)


class StepTracker:
    """Follows one camera: features in as they come, the step and what comes next out. Not for several threads."""

    def __init__(self, model: TrackerModel, candidates: int = 3) -> None:
        """Forecast so many candidates for the next step."""
        self._model, self._candidates = model, candidates
        self._stride_ns = round(model.config.stride_s * NANOSECONDS)
        self._features: deque[NDArray[np.float32]] = deque(maxlen=model.memory + 1)
        self._history: list[tuple[int, int]] = []
        self._pace = Pace(model.config.stride_s)

    def update(self, feature: NDArray[np.float32], window: ViewedWindow) -> tuple[StepEstimate, StepForecast]:
        """Take the feature (P,) of the newest window; the one before stands for those that are missing between."""
        missed = self._pace.missed_before(window.end_ns)
        if missed is None:
            self._features.clear()
            self._history.clear()
        else:
            self._features.extend([self._features[-1]] * missed)
        self._features.append(feature)
        probabilities = self._model.probabilities(np.stack(self._features))
        step = self._estimate(probabilities, window)
        return step, self._forecast(step)

    def _estimate(self, probabilities: NDArray[np.float64], window: ViewedWindow) -> StepEstimate:
        best = int(probabilities.argmax())
        since_ns = self._continued(best, window.end_ns)
        label = self._model.config.labels[best]
        return StepEstimate(best, label, float(probabilities[best]), since_ns, window, self._model.name)

    def _continued(self, step: int, now_ns: int) -> int:
        """Note the present step, and return since when it is done."""
        if self._history and self._history[-1][0] != step and now_ns - self._history[-1][1] < self._least_ns:
            self._history.pop()
        if not self._history or self._history[-1][0] != step:
            self._history.append((step, now_ns))
        return self._history[-1][1]

    @property
    def _least_ns(self) -> int:
        return LEAST_STRIDES * self._stride_ns - self._stride_ns // 2

    def _forecast(self, step: StepEstimate) -> StepForecast:
        history = [number for number, _ in self._history]
        elapsed_s = (step.window.end_ns - step.since_ns) / NANOSECONDS
        ranked = self._model.forecaster.next_steps(history, elapsed_s, self._candidates)
        labels = self._model.config.labels
        return StepForecast(step, tuple(NextStep(number, labels[number], p, lead) for number, p, lead in ranked))

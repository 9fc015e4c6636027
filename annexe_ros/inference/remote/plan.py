"""What decides how an engine is served. Plain facts: Ray isn't needed to make them."""

from __future__ import annotations

from dataclasses import dataclass, field

from annexe_ros.inference.remote.gate import Limits


@dataclass(frozen=True)
class EngineChoice:
    """What each replica runs: the arguments of ``load_engine``."""

    kind: str
    model: str
    device: str = "auto"
    dtype: str = "float32"


@dataclass(frozen=True)
class ServingPlan:
    """How an engine is served.

    Attributes:
        engine: what each replica runs.
        min_replicas, max_replicas: how many there are; between them Ray follows the number of queries.
        max_batch: queries that a replica takes at a time.
        batch_wait_s: time that a first query waits for others to share a batch with [s].
        cpus, gpus: what Ray sets aside for a replica; parts of a GPU are allowed.
        token_digest: of the token; empty: everybody may ask.
        limits: what is taken.
    """

    engine: EngineChoice
    min_replicas: int = 1
    max_replicas: int = 1
    max_batch: int = 4
    batch_wait_s: float = 0.01
    cpus: float = 1.0
    gpus: float = 0.0
    token_digest: bytes = b""
    limits: Limits = field(default_factory=Limits)

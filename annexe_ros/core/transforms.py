"""Rigid transforms of points and boxes from frame to frame, covariances included. How one is found isn't known here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annexe_ros.core.interpretation import OrientedBox


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """Takes coordinates in a source frame to coordinates in a target frame: p' = ``rotation`` p + ``translation``.

    Attributes:
        rotation: (3, 3) float64, columns are the source frame's axes in the target frame (right-handed).
        translation: (3,) float64 [m], the source frame's origin in the target frame.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    @classmethod
    def identity(cls) -> RigidTransform:
        """Return the transform that changes nothing."""
        return cls(np.eye(3), np.zeros(3))

    def points(self, xyz: ArrayLike) -> NDArray[np.float64]:
        """Return points (..., 3) [m] of the source frame in the target frame."""
        return np.asarray(xyz, dtype=np.float64) @ self.rotation.T + self.translation

    def box(self, box: OrientedBox) -> OrientedBox:
        """Return a box of the source frame in the target frame.

        The transform is taken as exact: the covariance is turned and doesn't grow.
        """
        turn = np.kron(np.eye(2), self.rotation)  # position and rotation vector turn alike
        return replace(
            box,
            center=self.points(box.center),
            rotation=self.rotation @ box.rotation,
            covariance=turn @ box.covariance @ turn.T,
        )


@dataclass(frozen=True, eq=False)
class PoseTransform:
    """How poses get from the camera's optical frame into the frame in which they are told.

    Attributes:
        frame: the tf frame in which they are told.
        transform: from the camera's optical frame to ``frame``, at the image's stamp.
        note: why that isn't the frame that was asked for; empty where it is.
    """

    frame: str
    transform: RigidTransform
    note: str = ""

    @classmethod
    def staying_in(cls, frame: str, note: str = "") -> PoseTransform:
        """Return what leaves poses in the camera's optical frame ``frame``."""
        return cls(frame, RigidTransform.identity(), note)

"""What a depth image can be trusted with: where it knows something, and how well."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def known_depth(depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where depth (H, W) [m] is known: NaN, infinity, 0 and less mean unknown."""
    return np.isfinite(depth) & (depth > 0)


def depth_noise(z: ArrayLike) -> NDArray[np.float64]:
    """Return the standard deviation [m] of a structured-light sensor's depth at ``z`` [m].

    Nguyen, Izadi, Lovell, "Modeling Kinect Sensor Noise for Improved 3D Reconstruction and Tracking", 2012, equation 5.
    Active stereo head cameras are of this order in arm's reach.
    """
    return np.asarray(0.0012 + 0.0019 * np.square(np.asarray(z, dtype=np.float64) - 0.4))

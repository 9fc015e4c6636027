"""Lens distortion by Brown's model, as OpenCV and ``sensor_msgs/CameraInfo`` define its coefficients.

Works on image coordinates of focal length 1: x to the right, y down, both zero on the optical axis. Five coefficients
(k1, k2, p1, p2, k3) are ROS's ``plumb_bob``, eight (… k4, k5, k6) its ``rational_polynomial``. Pixels aren't known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COEFFICIENT_COUNTS = (5, 8)

MAX_STEPS = 20
CONVERGED = 1e-6
"""Newton's method ends when a step is this short, in focal lengths: what is left then is about its square."""


def distorted(x: NDArray, y: NDArray, coefficients: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return where the lens shows what a pinhole would show at (x, y)."""
    _, _, p1, p2 = coefficients[:4]
    r2 = x * x + y * y
    radial, _ = _radial(r2, coefficients)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def undistorted(x: NDArray, y: NDArray, coefficients: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return where a pinhole would show what the lens shows at (x, y).

    Where the model has no answer, outside of what a calibration can cover, (x, y) itself is returned, as OpenCV does.
    """
    u, v = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    with np.errstate(all="ignore"):
        for _ in range(MAX_STEPS):
            du, dv = _newton_step(u, v, x, y, coefficients)
            u, v = u - du, v - dv
            if not (np.abs(du) + np.abs(dv) > CONVERGED).any():
                break
        found = np.abs(du) + np.abs(dv) <= CONVERGED
        found &= _is_upright(u, v, coefficients)
    return np.where(found, u, x), np.where(found, v, y)


def _newton_step(
    u: NDArray, v: NDArray, x: NDArray, y: NDArray, coefficients: Sequence[float]
) -> tuple[NDArray, NDArray]:
    """Return by how much (u, v) is off, to first order, when it should be shown at (x, y)."""
    ex, ey = distorted(u, v, coefficients)
    ex, ey = ex - x, ey - y
    xx, xy, yy = _jacobian(u, v, coefficients)
    determinant = xx * yy - xy * xy
    return (yy * ex - xy * ey) / determinant, (xx * ey - xy * ex) / determinant


def _jacobian(x: NDArray, y: NDArray, coefficients: Sequence[float]) -> tuple[NDArray, NDArray, NDArray]:
    """Return the derivatives of ``distorted``: dx/dx, dx/dy (which equals dy/dx) and dy/dy."""
    _, _, p1, p2 = coefficients[:4]
    radial, slope = _radial(x * x + y * y, coefficients)
    return (
        radial + 2 * slope * x * x + 2 * p1 * y + 6 * p2 * x,
        2 * slope * x * y + 2 * p1 * x + 2 * p2 * y,
        radial + 2 * slope * y * y + 6 * p1 * y + 2 * p2 * x,
    )


def _is_upright(x: NDArray, y: NDArray, coefficients: Sequence[float]) -> NDArray[np.bool_]:
    """Return where the lens shows neighbours as neighbours; past the fold of the model it mirrors or turns them."""
    xx, xy, yy = _jacobian(x, y, coefficients)
    return (xx > 0) & (xx * yy > xy * xy)


def _radial(r2: NDArray, coefficients: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return the radial factor at squared radius ``r2``, and its derivative by it."""
    k1, k2, _, _, k3, *rational = coefficients
    above, above_slope = _polynomial(r2, k1, k2, k3)
    if not rational:
        return above, above_slope
    below, below_slope = _polynomial(r2, *rational)
    return above / below, (above_slope * below - above * below_slope) / below**2


def _polynomial(r2: NDArray, a: float, b: float, c: float) -> tuple[NDArray, NDArray]:
    return 1 + r2 * (a + r2 * (b + r2 * c)), a + r2 * (2 * b + r2 * 3 * c)

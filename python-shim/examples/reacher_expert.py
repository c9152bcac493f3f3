"""An expert for Reacher-v5: python -m gymbridge serve-policy reacher_expert.py:act --env Reacher-v5.

Damped least squares on the arm's Jacobian gives the joint motion that brings the fingertip to the target; a torque
along it, less some of the joints' velocity, is the action.
"""

import numpy as np
from numpy.typing import NDArray

LINKS = (0.1, 0.11)
GAIN, DAMPING, VELOCITY_DAMPING = 0.2, 0.04, 0.04


def act(observations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Torques (N, 2) for observations (N, 10): cos and sin of both joints, target, velocities, tip minus target."""
    cos1, cos2, sin1, sin2 = observations[:, :4].T
    velocities, error = observations[:, 6:8], -observations[:, 8:10]
    sin12, cos12 = sin1 * cos2 + cos1 * sin2, cos1 * cos2 - sin1 * sin2
    x2, y2 = LINKS[1] * cos12, LINKS[1] * sin12
    x1, y1 = LINKS[0] * cos1 + x2, LINKS[0] * sin1 + y2
    jacobian = np.stack([np.stack([-y1, -y2], -1), np.stack([x1, x2], -1)], -2)
    transposed = jacobian.transpose(0, 2, 1)
    damped = jacobian @ transposed + DAMPING**2 * np.eye(2)
    motion = (transposed @ np.linalg.solve(damped, error[:, :, None]))[:, :, 0]
    return np.clip(GAIN * motion - VELOCITY_DAMPING * velocities, -1, 1)

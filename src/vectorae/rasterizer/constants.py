"""Numbers on which the CPU and the GPU kernels must agree; see geometry.rounded_box for those of the reference too.

They are plain Python numbers. Numba reads them as globals, as ``np.float32`` where they meet a shape's numbers (a plain
float would turn float32 into float64); Triton reads them as ``tl.constexpr`` (see gpu/constants.py).
"""

import math

from vectorae.rasterizer.coverage import PROFILES

GAUSSIAN, SIGMOID, RAMP = (list(PROFILES).index(name) for name in ("gaussian", "sigmoid", "ramp"))
"""Indices into ``PROFILES``."""

TAIL = 14 * math.log(2)
"""−ln of the coverage below which a shape's soft edge is culled, 2⁻¹⁴."""

TAIL_ROOT = math.sqrt(TAIL)

NO_SIDE = -1e30
"""Distance to a straight side of a box for points that do not project onto it: −∞, but finite."""

MIN_COSINE = 1e-15
"""Used in place of a cosine of 0, so that the closest-point iteration never gets (0, 0), which has no direction."""

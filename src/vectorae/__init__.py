"""Vectorae trains neural networks that draw.

Where torch is imported after it, torch's idle threads sleep, with GNU's OpenMP after a tenth of a millisecond
(``OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=3000``, unless one of these variables is set).
"""

import os

import lazy_loader

# The networks are small: between their operations threads that spin keep the processor from those that work. Beside a
# second process, or on a virtual machine that shares its processors, a step takes ten times as long if they go on for
# milliseconds. If they sleep at once, it takes almost twice as long on a quiet machine, for waking them.
if "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ:
    os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"] = "PASSIVE", "3000"

# Torch takes seconds to import, and a typo on the command line should not.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

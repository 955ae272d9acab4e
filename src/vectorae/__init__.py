"""Vectorae trains neural networks that draw.

Where torch is imported after it, torch's idle threads sleep instead of spinning (``OMP_WAIT_POLICY=PASSIVE``, unless
that variable is set).
"""

import os

import lazy_loader

# The networks are small: between their operations threads that spin keep the processor from those that work. Beside a
# second process, or on a virtual machine that shares its processors, a step then takes ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Torch takes seconds to import, and a typo on the command line should not.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

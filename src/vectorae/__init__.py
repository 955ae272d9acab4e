"""Vectorae trains neural networks that draw."""

import lazy_loader

# Torch takes seconds to import, and a typo on the command line should not.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

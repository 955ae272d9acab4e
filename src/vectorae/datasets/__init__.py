"""Data sets: one LightningDataModule each."""

import lazy_loader

# Lightning takes seconds to import, and fits need only the procedural faces.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

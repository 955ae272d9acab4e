"""Draw every primitive, layout and profile: `python scripts/gallery.py`."""

import sys
from pathlib import Path

# What measures and documents the package is no part of it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs._gallery.gallery import main

if __name__ == "__main__":
    raise SystemExit(main())

"""The folder of files that can be made again."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder: that of the platform, or the one below ``XDG_CACHE_HOME`` where that is set."""
    if "XDG_CACHE_HOME" in os.environ:
        base = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "vectorae"

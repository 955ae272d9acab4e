"""Fit every photograph of a folder, and measure the drawings: `python scripts/evaluate_photos.py folder=FOLDER`.

Same as `vectorae evaluate_photos`.
"""

from vectorae.commands.evaluate_photos import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Measure a checkpoint: `python scripts/evaluate.py checkpoint=PATH split=test`. Same as `vectorae evaluate`."""

from vectorae.commands.evaluate import main

if __name__ == "__main__":
    raise SystemExit(main())

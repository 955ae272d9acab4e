"""Time the rasterizer and training against the reference and others: `python scripts/benchmark.py`.

Same as `vectorae benchmark`.
"""

from vectorae.commands.benchmark import main

if __name__ == "__main__":
    raise SystemExit(main())

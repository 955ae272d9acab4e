"""Draw a photograph, without a network: `python scripts/fit.py image=FILE primitives=lines_1000`.

Same as `vectorae fit`.
"""

from vectorae.commands.fit import main

if __name__ == "__main__":
    raise SystemExit(main())

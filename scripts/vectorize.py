"""Draw image files as SVG: `python scripts/vectorize.py checkpoint=PATH input=PATH output=FOLDER`.

Same as `vectorae vectorize`.
"""

from vectorae.commands.vectorize import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Put images into tar files for `dataset=streaming`: `python scripts/shards.py input=PATH output=FOLDER`.

Same as `vectorae shards`.
"""

from vectorae.commands.shards import main

if __name__ == "__main__":
    raise SystemExit(main())

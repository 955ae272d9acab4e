"""Sample new drawings from a variational autoencoder: `python scripts/sample.py checkpoint=PATH count=16`.

Same as `vectorae sample`.
"""

from vectorae.commands.sample import main

if __name__ == "__main__":
    raise SystemExit(main())

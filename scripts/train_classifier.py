"""Train the judge of digits: `python scripts/train_classifier.py dataset=mnist`; or `vectorae train_classifier`."""

from vectorae.commands.train_classifier import main

if __name__ == "__main__":
    raise SystemExit(main())

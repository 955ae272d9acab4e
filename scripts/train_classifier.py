"""Train the classifier of drawn digits: `python scripts/train_classifier.py dataset=mnist`.

Same as `vectorae train_classifier`.
"""

from vectorae.commands.train_classifier import main

if __name__ == "__main__":
    raise SystemExit(main())

"""Train a vector autoencoder: `python train.py dataset=celeba primitives=shapes_4x4`. Same as `vectorae train`."""

from vectorae.commands.train import main

if __name__ == "__main__":
    raise SystemExit(main())

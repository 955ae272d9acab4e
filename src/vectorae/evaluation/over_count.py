"""How good the drawings of a model of any number of shapes are, by their number."""

from torch import Tensor

from vectorae.io.pixels import to_float
from vectorae.io.progress import counting
from vectorae.losses.metrics import psnr
from vectorae.training.any_count import counts_over
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.eval_mode import eval_mode


def psnr_over_count(
    model: VectorAutoencoder, images: Tensor, batch_size: int, progress: bool = False
) -> dict[int, float]:
    """The mean PSNR of crisp drawings by their number of shapes, dB; for the numbers of ``counts_over``.

    Args:
        model: of any number of shapes, on its device.
        images: uint8 ``[n, C, S, S]``, n ≥ 1.
        batch_size: how many to draw at once.
        progress: show a bar.
    """
    counts, found = counts_over(model.layout.count), dict[int, float]()
    with eval_mode(model), counting("over count", len(counts) * len(images), visible=progress) as advance:
        for count in counts:
            total = 0.0
            with model.limited_to(count):
                for part in images.split(batch_size):
                    batch = to_float(part.to(model.device))
                    total += float(psnr(model.draw(batch), batch).double().sum())
                    advance(len(part))
            found[count] = total / len(images)
    return found

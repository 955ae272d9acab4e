"""The objective: a weighted sum of losses of images and scenes."""

import inspect
from collections.abc import Mapping
from copy import copy
from typing import Annotated, Any, Self

import torch
from torch import Tensor

from vectorae.config.arguments import NonNegativeFloat, OneOf, check_arguments, check_value
from vectorae.config.components import locate
from vectorae.errors import UserError
from vectorae.losses.blurred import BlurredMSE, DifferenceOfGaussians, Edges, PyramidMSE
from vectorae.losses.loss import ImageLoss, Regularizer
from vectorae.losses.perceptual import LPIPS, MSSSIM, SSIM
from vectorae.losses.pixel import BCE, L1, MSE
from vectorae.losses.regularizers import OpacitySparsity, Overlap, Size
from vectorae.scene import Scene

LOSSES: dict[str, type[ImageLoss | Regularizer]] = {
    "mse": MSE,
    "l1": L1,
    "bce": BCE,
    "blurred_mse": BlurredMSE,
    "pyramid_mse": PyramidMSE,
    "difference_of_gaussians": DifferenceOfGaussians,
    "edges": Edges,
    "ssim": SSIM,
    "ms_ssim": MSSSIM,
    "lpips": LPIPS,
    "opacity_sparsity": OpacitySparsity,
    "size": Size,
    "overlap": Overlap,
}
"""Name → class of every loss."""


class Objective:
    """A weighted sum of losses.

    Args:
        terms: name → weight, or {weight, kind, …} with arguments of the loss; kind defaults to the name. Weights
            are ≥ 0; a term of weight 0 or null is left out. A kind may be the dotted path of a plug-in's class.
            ``{mse: 1, wide: {kind: blurred_mse, weight: 0.5,
            sigma: 5}}``.

    Raises:
        UserError: an unknown loss or argument, a weight below 0, or no loss that compares images.

    Example:
        >>> objective = Objective({"mse": 1.0, "l1": 0.5})
        >>> image = torch.zeros(1, 3, 8, 8)
        >>> {name: float(value) for name, value in objective.terms(image + 0.5, image, None).items()}
        {'mse': 0.25, 'l1': 0.5}
    """

    def __init__(self, terms: Mapping[str, float | Mapping[str, Any] | None]) -> None:
        if not isinstance(terms, Mapping):
            raise UserError(f"terms must be a mapping of weights by name, {{'mse': 1}}, got {terms!r:.100}")
        self._importance: Tensor | None = None
        self._weights: dict[str, float] = {}
        self._losses: dict[str, ImageLoss | Regularizer] = {}
        for name, value in terms.items():
            weight, loss = _term(name, value)
            if weight > 0:
                self._weights[name], self._losses[name] = weight, loss
        if not any(isinstance(loss, ImageLoss) for loss in self._losses.values()):
            raise UserError("terms: none of weight above 0 compares drawing and image; add one, such as mse: 1")

    def weighted(self, importance: Tensor) -> Self:
        """The same objective, in which some pixels count more than others.

        Losses see the drawing nearer to the image by the root of the importance, so that squared errors have the
        importance as their weight, and all losses see none of what has none.

        Args:
            importance: ``[B, 1, H, W]`` in [0, 1], of the images that will be compared.

        Example:
            >>> image = torch.zeros(1, 3, 2, 2)
            >>> importance = torch.tensor([[1.0, 0.25], [0.0, 0.0]])[None, None]
            >>> Objective({"mse": 1.0}).weighted(importance)(image + 1, image, None)
            tensor([0.3125])
        """
        weighted = copy(self)
        weighted._importance = importance
        return weighted

    def terms(self, drawing: Tensor, image: Tensor, scene: Scene) -> dict[str, Tensor]:
        """Each term by name, ``[B]``, without its weight.

        Args:
            drawing, image: ``[B, C, H, W]`` in [0, 1].
            scene: of the drawings.
        """
        height, width = drawing.shape[-2:]
        image = image.to(drawing.dtype)
        if self._importance is not None:
            drawing = torch.lerp(image, drawing, self._importance.sqrt().to(drawing.dtype))
        # Drawings are in full precision; half precision would round off the small differences of a late training.
        with torch.autocast(drawing.device.type, enabled=False):
            return {
                name: loss(drawing, image) if isinstance(loss, ImageLoss) else loss(scene, height, width)
                for name, loss in self._losses.items()
            }

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of terms by name."""
        return torch.stack([self._weights[name] * value for name, value in terms.items()]).sum(0)

    def __call__(self, drawing: Tensor, image: Tensor, scene: Scene) -> Tensor:
        """The objective of each drawing, ``[B]``."""
        return self.total(self.terms(drawing, image, scene))

    def check(self, height: int, width: int) -> None:
        """Check every term for images of this size (see ``ImageLoss.check``).

        Raises:
            UserError: naming the term.
        """
        for name, loss in self._losses.items():
            if isinstance(loss, ImageLoss):
                try:
                    loss.check(height, width)
                except UserError as error:
                    raise UserError(f"loss.terms.{name}: {error}") from error


def _term(name: str, value: Any) -> tuple[float, ImageLoss | Regularizer]:
    settings: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"weight": 0 if value is None else value}
    weight, kind = settings.pop("weight", 1.0), settings.pop("kind", name)
    check_value(f"terms.{name}.weight", weight, NonNegativeFloat)
    if isinstance(kind, str) and "." in kind:
        loss = locate(kind, f"terms.{name}.kind")
        if not issubclass(loss, ImageLoss | Regularizer):
            raise UserError(f"terms.{name}.kind: {kind} is neither an ImageLoss nor a Regularizer")
    else:
        check_value(f"terms.{name}.kind", kind, Annotated[str, OneOf(LOSSES)])
        loss = LOSSES[kind]
    if settings and not inspect.signature(loss).parameters:
        raise UserError(f"terms.{name}.{next(iter(settings))}: no such key; {kind} has none but weight")
    check_arguments(loss, settings, f"loss.terms.{name}")
    try:
        return float(weight), loss(**settings)
    except UserError as error:
        raise UserError(f"terms.{name}.{error}") from error

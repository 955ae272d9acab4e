"""Drawing serialized scenes."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.pydiffvg.device import get_device, timed
from vectorae.pydiffvg.distance import signed_distance
from vectorae.pydiffvg.filters import BOX, FilterType, PixelFilter, filtered
from vectorae.pydiffvg.recording import Recording, record
from vectorae.pydiffvg.shapes import Shape, ShapeGroup
from vectorae.pydiffvg.translate import VISIBLE, Translated, translated
from vectorae.rasterizer import rasterize


class OutputType(IntEnum):
    """What is drawn: colours and alpha, or the signed distance to the nearest contour."""

    color = 1
    sdf = 2


_NOWHERE = torch.tensor([])


class RenderFunction:
    """The two calls by which programs draw: ``serialize_scene``, then ``apply``."""

    @staticmethod
    def serialize_scene(
        canvas_width: float,
        canvas_height: float,
        shapes: Sequence[Shape],
        shape_groups: Sequence[ShapeGroup],
        filter: PixelFilter = BOX,
        output_type: OutputType = OutputType.color,
        use_prefiltering: bool = False,
        eval_positions: Tensor = _NOWHERE,
    ) -> list[Any]:
        """The last arguments of ``apply``.

        Args:
            canvas_width, canvas_height: pixels.
            shapes: in any order.
            shape_groups: painted from the first to the last.
            filter: how wide and how smooth pixels are; edges are sharpest by the default, a box of one pixel.
            output_type: see ``OutputType``.
            use_prefiltering: has no effect: coverage is exact.
            eval_positions: where distances are wanted, ``[N, 2]``, pixels of the canvas; empty: at all pixels.

        Raises:
            UserError: shapes, groups or paints that do not go together.
        """
        scene = record(canvas_width, canvas_height, shapes, shape_groups)
        kind = OutputType(output_type)
        return [canvas_width, canvas_height, kind, use_prefiltering, eval_positions, scene, filter.type, filter.radius]

    @staticmethod
    def apply(
        width: int,
        height: int,
        num_samples_x: int,
        num_samples_y: int,
        seed: int,
        background_image: Tensor | None,
        *scene_args: Any,
    ) -> Tensor:
        """Draw a scene; differentiable with respect to all of its tensors, the background and the filter's radius.

        Args:
            width, height: of the image, pixels, to which the canvas is stretched.
            num_samples_x, num_samples_y, seed: have no effect, as nothing is sampled at random.
            background_image: ``[height, width, 4]`` with straight alpha, or ``[height, width, 3]``, opaque; None for
                none.
            scene_args: of ``serialize_scene``.

        Returns:
            ``[height, width, 4]``: red, green, blue and alpha in [0, 1], each the mean over a pixel. Colours are not
            multiplied with alpha, but where there is nothing they count as black: at an edge to nothing they fade.
            Of distances ``[height, width, 1]``, or ``[N, 1]``, pixels of the canvas, negative inside of fills.

        Raises:
            UserError: a background of another size, or a background of distances.
        """
        backgrounds = None if background_image is None else background_image[None]
        with timed("Forward pass"):
            return render_batch(width, height, [scene_args], backgrounds)[0]

    @staticmethod
    def render_grad(*arguments: Any) -> Tensor:
        """Not there: gradients by the translation of each pixel."""
        raise UserError(
            "pydiffvg: RenderFunction.render_grad, the gradient by a translation of each pixel, is not there; "
            "shape_to_canvas takes the gradient by a translation of all"
        )


def render_batch(
    width: int, height: int, scenes: Sequence[Sequence[Any]], background_image: Tensor | None = None
) -> Tensor:
    """Draw many scenes at once, which have as many shapes of the same kinds, painted alike.

    Args:
        width, height: of the images, pixels.
        scenes: what ``serialize_scene`` returned for each of them.
        background_image: ``[B or 1, height, width, 4 or 3]``, see ``RenderFunction.apply``.

    Returns:
        ``[B, height, width, 4]``, each as ``RenderFunction.apply`` draws it alone; or distances.

    Raises:
        UserError: no scenes, or scenes of different kinds.

    Example:
        Three discs, each on an image of its own.

        >>> import torch
        >>> import vectorae.pydiffvg as pydiffvg
        >>> red = pydiffvg.ShapeGroup(torch.tensor([0]), fill_color=torch.tensor([1.0, 0.0, 0.0, 1.0]))
        >>> discs = [pydiffvg.Circle(torch.tensor(radius), torch.tensor([8.0, 8.0])) for radius in (2.0, 4.0, 6.0)]
        >>> scenes = [pydiffvg.RenderFunction.serialize_scene(16, 16, [disc], [red]) for disc in discs]
        >>> pydiffvg.render_batch(16, 16, scenes).shape
        torch.Size([3, 16, 16, 4])
    """
    if not scenes:
        raise UserError("render_batch: no scenes")
    _, _, output_type, *_, filter_type, radius = scenes[0]
    if not all(isinstance(one[5], Recording) for one in scenes):
        raise UserError("render_batch: draw what RenderFunction.serialize_scene returns")
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        raise UserError(f"image: {width!r} × {height!r} pixels; both must be integers ≥ 1")
    if output_type == OutputType.sdf:
        if background_image is not None:
            raise UserError("background_image: distances have none")
        return torch.stack([signed_distance(one[5], width, height, one[4], get_device()) for one in scenes])
    drawn = translated([one[5] for one in scenes], width, height, get_device())
    background = None if background_image is None else _background(background_image, len(scenes), height, width)
    image = _image(drawn, width, height, background)
    if filter_type == FilterType.box and float(radius.detach()) == 0.5:
        return image
    return filtered(image, filter_type, radius)


def _background(image: Tensor, batch: int, height: int, width: int) -> Tensor:
    """The background as ``[B, 4, H, W]``."""
    channels = image.shape[-1]
    if (
        image.dim() != 4
        or image.shape[1:3] != (height, width)
        or channels not in (3, 4)
        or len(image) not in (1, batch)
    ):
        raise UserError(
            f"background_image: {list(image.shape)[1:]} where [{height}, {width}, 4] is wanted, or 3 channels"
        )
    image = image.to(get_device(), torch.float32).permute(0, 3, 1, 2)
    opaque = image if channels == 4 else torch.cat([image, torch.ones_like(image[:, :1])], dim=1)
    return opaque.expand(batch, -1, -1, -1)


def _image(drawn: Translated, width: int, height: int, background: Tensor | None) -> Tensor:
    """Images ``[B, H, W, 4]``."""
    paint = rasterize(drawn.scene.with_alpha(), height, width, coverage="ramp", alpha=False)
    if background is None and drawn.covering is None:
        # All that is drawn is opaque: its mean, with nothing as black, is that with colours multiplied by alpha.
        return paint.permute(0, 2, 3, 1).contiguous()
    covered = paint[:, 3:]
    if drawn.covering is not None and (background is None or bool((background[:, 3] < 1).any())):
        covered = rasterize(drawn.coverage, height, width, coverage="ramp", alpha=False)
    if background is not None:
        color, alpha = background[:, :3], background[:, 3:]
        behind = 1 - paint[:, 3:]
        paint = torch.cat([paint[:, :3] + behind * alpha * color, paint[:, 3:] + behind * alpha], dim=1)
        covered = torch.where(alpha > VISIBLE, 1, covered)
    alpha = paint[:, 3:]
    share = torch.where(alpha > VISIBLE, covered / alpha.clamp_min(VISIBLE), 1)
    return torch.cat([paint[:, :3] * share, alpha], dim=1).permute(0, 2, 3, 1).contiguous()

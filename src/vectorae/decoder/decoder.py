"""The decoder: the one place where raw numbers become scenes, pixels, costs and gradients."""

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vectorae.decoder.state import DrawState
from vectorae.layout import LayoutBase
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer, measure_contributions, rasterize
from vectorae.rasterizer.contributions import Contributions
from vectorae.rasterizer.reference import chunk_size
from vectorae.scene import Scene


class Feedback(NamedTuple):
    """How good a drawing is, and how to make it better; without gradient history.

    Attributes:
        scene: all shapes of the drawing, hidden ones included.
        drawing: ``[B, C, H, W]``, as soft as the state says.
        cost: ``[B]``.
        terms: of the cost by name, ``[B]`` each, unweighted.
        gradient: of each drawing's cost with respect to its raw numbers, ``[B, raw_size]``.
    """

    scene: Scene
    drawing: Tensor
    cost: Tensor
    terms: dict[str, Tensor]
    gradient: Tensor


class Decoder(nn.Module):
    """A layout and a rasterizer's settings: raw numbers ``[B, raw_size]`` → scenes and drawings. Nothing is learned.

    A crisp drawing is what the SVG shows: discrete choices are made, shapes with a depth are sorted, edges are one
    pixel wide. An exact state (``DrawState.exact``) makes soft drawings the same, with a gradient.

    Args:
        layout: raw numbers → scene.
        rasterizer: how scenes are drawn.

    Raises:
        UserError: a layout whose shapes have a depth, and a compositing without order.

    Example:
        >>> from vectorae import Layout
        >>> decoder = Decoder(Layout(kinds=["circle"], rows=2, columns=2), Rasterizer())
        >>> raw = decoder.layout.random_raw(batch=3, seed=0)
        >>> decoder.render(raw, 16, 16, DrawState(softness=0.02), crisp=True).shape
        torch.Size([3, 3, 16, 16])
    """

    def __init__(self, layout: LayoutBase, rasterizer: Rasterizer) -> None:
        super().__init__()
        rasterizer.check_ordering(layout.ordering)
        self.layout, self.rasterizer = layout, rasterizer

    def scene(self, raw: Tensor, state: DrawState, crisp: bool = False) -> Scene:
        """The visible shapes of raw numbers ``[B, raw_size]``; of a crisp scene, strokes have all their ink."""
        exact = crisp or state.exact
        return self._finished(_visible(self.layout(raw, crisp=exact), state), state, exact)

    def whole_scene(self, raw: Tensor, state: DrawState, discrete: bool = True) -> Scene:
        """The crisp scene with all shapes; hidden ones have no opacity.

        Scenes of one topology, whatever is visible: for animations and exports.

        Args:
            raw: ``[B, raw_size]``.
            state: how many shapes are visible, and how soft they are.
            discrete: make the discrete choices (circle or square) instead of leaving the numbers behind them.
        """
        scene: Scene = self.layout(raw, crisp=discrete)
        if state.visible is not None and state.visible < scene.count:
            visible = torch.arange(scene.count, device=raw.device) < state.visible
            scene = replace(scene, opacity=scene.opacity * visible)
        return self._finished(scene, state, exact=True)

    def draw(self, scene: Scene, height: int, width: int, state: DrawState, crisp: bool = False) -> Tensor:
        """A scene of ``scene`` (with the same state and ``crisp``) as images ``[B, C, height, width]`` in [0, 1]."""
        return draw_scene(scene, height, width, replace(state, exact=crisp or state.exact), self.rasterizer)

    def contributions(
        self, scene: Scene, images: Tensor, state: DrawState, importance: Tensor | None = None, crisp: bool = False
    ) -> Contributions:
        """Draw a scene of ``scene`` as ``draw`` does, and measure what each of its shapes contributes.

        Args:
            scene, state, crisp: as for ``draw``.
            images: that the drawings are compared with, broadcastable to ``[B, C, H, W]``.
            importance: weights of their pixels, ``[B, 1, H, W]``; None: all are 1.
        """
        scene, settings = _as_drawn(scene.detach(), replace(state, exact=crisp or state.exact), self.rasterizer)
        with chunk_size(self.rasterizer.chunk_size):
            return measure_contributions(scene, images, importance, **settings)

    def render(self, raw: Tensor, height: int, width: int, state: DrawState, crisp: bool = False) -> Tensor:
        """The drawings of raw numbers ``[B, raw_size]`` as images ``[B, C, height, width]`` in [0, 1]."""
        return self.draw(self.scene(raw, state, crisp), height, width, state, crisp)

    def cost(self, raw: Tensor, images: Tensor, objective: Objective, state: DrawState, crisp: bool = False) -> Tensor:
        """The cost ``[B]`` of the drawings of raw numbers ``[B, raw_size]`` against images ``[B, C, H, W]``."""
        scene, (height, width) = self.scene(raw, state, crisp), images.shape[-2:]
        return objective(self.draw(scene, height, width, state, crisp), images, scene)

    @torch.enable_grad()
    def feedback(self, raw: Tensor, images: Tensor, objective: Objective, state: DrawState) -> Feedback:
        """Draw, compare with images ``[B, C, H, W]`` in [0, 1], and differentiate by the raw numbers."""
        leaf, (height, width) = raw.detach().requires_grad_(), images.shape[-2:]
        whole: Scene = self.layout(leaf, crisp=state.exact)
        scene = self._finished(_visible(whole, state), state, state.exact)
        drawing = self.draw(scene, height, width, state)
        terms = objective.terms(drawing, images, scene)
        cost = objective.total(terms)
        (gradient,) = torch.autograd.grad(cost.sum(), leaf)
        terms = {name: value.detach() for name, value in terms.items()}
        return Feedback(whole.detach(), drawing.detach(), cost.detach(), terms, gradient)

    def _finished(self, scene: Scene, state: DrawState, exact: bool) -> Scene:
        scene = replace(scene, compositing=self.rasterizer.compositing)
        return self.rasterizer.crisp_scene(scene, state.softness) if exact else scene


def draw_scene(scene: Scene, height: int, width: int, state: DrawState, rasterizer: Rasterizer | None = None) -> Tensor:
    """A scene as images ``[B, C, height, width]`` in [0, 1], as a state says.

    Those of a scene without a background have one more channel: colours are multiplied with it, their alpha.

    Args:
        scene: B drawings.
        height, width: in pixels.
        state: softness, temperature, and whether edges and order are those of crisp drawings.
        rasterizer: its settings; by default those of ``Rasterizer()``.
    """
    settings = rasterizer or Rasterizer()
    scene, how = _as_drawn(scene, state, settings)
    with chunk_size(settings.chunk_size):
        return rasterize(scene, height, width, **how)


def _as_drawn(scene: Scene, state: DrawState, rasterizer: Rasterizer) -> tuple[Scene, dict[str, Any]]:
    """A scene with a background, be it nothing, and arguments of ``rasterize``."""
    return scene.with_alpha() if scene.background is None else scene, {
        "coverage": "ramp" if state.exact else rasterizer.coverage,
        "softness": state.softness,
        "temperature": 0.0 if state.exact else state.temperature,
        "backend": rasterizer.backend,
    }


def _visible(scene: Scene, state: DrawState) -> Scene:
    return scene if state.visible is None or state.visible >= scene.count else scene.select(0, state.visible)

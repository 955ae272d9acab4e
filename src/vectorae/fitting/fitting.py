"""Fitting: shapes are added, optimized, relocated; the best drawing is kept."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState, Feedback, Plateaus, RawOptimizer, draw_and_measure, half_cosine
from vectorae.errors import UserError
from vectorae.fitting.coarse import View, Views
from vectorae.fitting.collapsed import seen_shapes
from vectorae.fitting.improvement import Improvement
from vectorae.fitting.palette import FROM, Palette, check_palette, limited
from vectorae.fitting.plan import FitPlan
from vectorae.fitting.renewal import Renewal
from vectorae.losses import Objective
from vectorae.scene import Scene

SNAPSHOT_SHARE = 0.1
"""Part of a limited time that snapshots may take."""

GAIN = 1e-3
"""Relative decrease of its cost that counts as an improvement of a drawing."""

EVALUATIONS_PER_PLATEAU = 4
"""How often at least a drawing is evaluated within a plateau's steps."""

LAST_RATE = 0.1
"""The learning rate at the end, relative to the first: .05 dB better on photographs than a fiftieth."""


class Fitting:
    """Drawings of images, optimized without a network: ``run``; or ``step`` until ``done``, and at times ``evaluate``.

    All images are drawn together in one batch and do not depend on each other.

    Args:
        images: ``[B, C, H, W]`` in [0, 1].
        decoder: raw numbers → drawings; its layout has the images' channels and aspect.
        objective: what is minimised.
        plan: how it goes.
        importance: of each pixel, ``[B, 1, H, W]`` in [0, 1]; None: all count alike.

    Attributes:
        steps: how many were taken.
        num_visible: how many shapes each drawing has by now.
    """

    def __init__(
        self,
        images: Tensor,
        decoder: Decoder,
        objective: Objective,
        plan: FitPlan,
        importance: Tensor | None = None,
    ) -> None:
        self.images, self.decoder, self.plan = images, decoder.to(images.device), plan
        self.layout = decoder.layout
        self.steps = self.num_visible = 0
        self._seconds = 0.0
        self._since: float | None = None
        self._improvement = Improvement(torch.full((len(images),), torch.inf))
        self._exact = False
        self._times = self._replacements = 0
        self._plateaus = Plateaus()
        self._palette: Palette | None = None
        if plan.palette is not None:
            check_palette(self.layout, plan.palette)
        many = images.repeat_interleave(plan.restarts, 0)
        self._objective, self._importance = objective, importance
        repeated = None if importance is None else importance.repeat_interleave(plan.restarts, 0)
        self._views = Views(many, objective, repeated)
        raw = many.new_zeros(len(many), self.layout.raw_size)
        self._optimizer = RawOptimizer(raw, many, decoder, self._views(1).objective, plan.rates.scale(self.layout))
        self._renewal = Renewal(self._optimizer, self.decoder, plan)
        self._grow(0.0)

    @property
    def relocated(self) -> int:
        """How many shapes were relocated or replaced."""
        return self._renewal.relocated

    @property
    def seconds(self) -> float:
        """Since the first step, in which kernels may be compiled; pauses do not count."""
        return self._seconds + (0.0 if self._since is None else time.perf_counter() - self._since)

    @property
    def progress(self) -> float:
        """How much of the budget is used up, in [0, 1]."""
        return self.plan.budget.progress(self.steps, self.seconds)

    @property
    def state(self) -> DrawState:
        """How the drawings look now."""
        return self._state_at(self.progress)

    @property
    def end_state(self) -> DrawState:
        """How the drawings look at the end."""
        return self.plan.schedule.state(1.0, min(self.images.shape[-2:]), self.num_visible)

    @property
    def on_plateau(self) -> bool:
        """Whether all shapes have been added, and no drawing has improved by a thousandth for the plateau's steps."""
        plateau = self.plan.budget.plateau
        flat = self._improvement.evaluated - self._improvement.improved
        return plateau is not None and self.num_visible == self.layout.count and flat >= plateau

    @property
    def done(self) -> bool:
        """Whether the budget is used up, or a plateau is reached."""
        return self.progress >= 1 or self.on_plateau

    @property
    def rounds(self) -> list[int]:
        """The round in which each shape is added, ``[N]``, from 1; 0 for those that are there from the start."""
        return self.plan.strategy.rounds(self.layout)

    def run(
        self,
        snapshots: int,
        on_step: Callable[[Feedback], None] = lambda feedback: None,
        on_snapshot: Callable[[], None] = lambda: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Step until done.

        Args:
            snapshots: how often, spread evenly over the budget, the drawings are evaluated and ``on_snapshot`` is
                called; besides at the start and at the end.
            on_step: called after each step.
            on_snapshot: called after each evaluation, with the clock running; where time is limited, between start and
                end not while more than a tenth of it would have gone into that.
            stop: asked before each step; true ends the run early.
        """

        spent = last = 0.0

        def snapshot(always: bool = False) -> None:
            nonlocal spent, last
            self.evaluate()
            if always or self.plan.budget.max_time is None:
                on_snapshot()
            elif spent + last <= SNAPSHOT_SHARE * self.seconds:
                begun = time.perf_counter()
                on_snapshot()
                last = time.perf_counter() - begun
                spent += last

        snapshot(always=True)
        taken = int(self.progress * snapshots)
        while not self.done and not stop():
            on_step(self.step())
            progress = self.progress
            if int(progress * snapshots) > taken and progress < 1:
                taken = int(progress * snapshots)
                snapshot()
        self.pause()
        snapshot(always=True)

    def step(self) -> Feedback:
        """One optimizer step; before it, shapes are added or relocated where it is time.

        Returns:
            The feedback on all drawings, ``[B restarts, …]``; see ``best_costs``.

        Raises:
            UserError: the cost is no longer finite.
        """
        progress = self.progress
        self._grow(progress)
        moving = self._palette is None  # shapes that are moved have new colours
        if moving and (times := self.plan.strategy.relocation.due(progress)) > self._times:
            self._times = times
            self._renewal.relocate(self._view_at(progress), self._state_at(progress), self.num_visible)
        if moving and (times := self.plan.replacement.due(progress)) > self._replacements:
            self._replacements = times
            self._renewal.replace(self._view_at(progress), self._state_at(progress), self.num_visible)
        if self.plan.palette is not None and self._palette is None and progress >= FROM:
            self._limit_colors(self.plan.palette, progress)
        rate = LAST_RATE + (1 - LAST_RATE) * half_cosine(progress)
        view = self._view_at(progress)
        shared = (lambda gradient: gradient) if self._palette is None else self._palette.shared
        feedback = self._optimizer.step(rate, self._state_at(progress), view.images, view.objective, shared)
        if not feedback.cost.isfinite().all():
            raise UserError(f"the loss became {feedback.cost.sum().item()} at step {self.steps}; try smaller rates")
        softness = self.plan.schedule.softness
        if softness.waits:
            self._plateaus.observe(float(feedback.cost.sum()), progress, softness.until)
        self.steps += 1
        self._since = self._since or time.perf_counter()
        plateau = self.plan.budget.plateau
        if plateau and self.steps - self._improvement.evaluated >= max(1, plateau // EVALUATIONS_PER_PLATEAU):
            self.evaluate()
        return feedback

    def best_costs(self, feedback: Feedback) -> tuple[Tensor, dict[str, Tensor]]:
        """The cost of each image ``[B]``, that of the best of its restarts, and its terms by name."""
        best = feedback.cost.view(-1, self.plan.restarts).argmin(1, keepdim=True)

        def of_best(values: Tensor) -> Tensor:
            return values.view(len(best), -1).gather(1, best)[:, 0]

        return of_best(feedback.cost), {name: of_best(value) for name, value in feedback.terms.items()}

    def evaluate(self) -> Tensor:
        """Evaluate the crisp drawings as they are now and keep the best: the costs of those, of each image ``[B]``.

        On a plateau drawings become exact, if they are to end so; a plateau of exact drawings ends the fit.
        """
        self._optimizer.keep_best(self.end_state)
        least = self._optimizer.least.view(-1, self.plan.restarts).min(1).values
        seen, now = self._improvement, least.cpu()
        better = now < seen.least * (1 - GAIN)
        seen.evaluated, seen.least = self.steps, torch.where(better, now, seen.least)
        if self.num_visible < self.layout.count or better.any():
            seen.improved = self.steps
        softness = self.plan.schedule.softness
        exact = softness.is_exact(self.progress)
        if not self._exact and (exact or (self.on_plateau and softness.exact > 0)):
            self._exact, seen.improved = True, self.steps
        return least

    def pause(self) -> None:
        """Stop the clock, until the next step."""
        self._seconds, self._since = self.seconds, None

    def scene(self, index: int, crisp: bool, best: bool = True) -> Scene:
        """A drawing of an image: crisp, or to be drawn as soft as at the end.

        Args:
            index: of the image.
            crisp: see above.
            best: the best so far, rather than the present one (of the best restart).
        """
        raw, state = self._chosen(index, best)
        with torch.no_grad():
            scene = self.decoder.scene(raw, state, crisp)
        if self._palette is None:
            return scene
        # Equal to the last bit, also where rounding was not.
        first = self._palette.first[self._row(index)][None, : scene.count, None].expand_as(scene.color)
        return replace(scene, color=scene.color.gather(1, first))

    def draw(self, index: int, crisp: bool, best: bool = True, times: int = 1) -> Tensor:
        """The same as an image ``[1, C, H, W]``, ``times`` as high and wide as the image that is drawn."""
        height, width = (times * pixels for pixels in self.images.shape[-2:])
        raw, state = self._chosen(index, best)
        with torch.no_grad():
            return self.decoder.render(raw, height, width, state, crisp)

    @property
    def best_raw(self) -> Tensor:
        """The raw numbers of the best drawings of all images and restarts, ``[B restarts, raw_size]``."""
        return self._optimizer.best

    def present_raw(self, index: int) -> Tensor:
        """The raw numbers of an image's present drawing, ``[1, raw_size]``."""
        raw, _ = self._chosen(index, best=False)
        return raw

    def present_names(self, index: int) -> Tensor:
        """The slot in which each shape of an image's present drawing began, ``[N]``: replaced ones move up."""
        return self._renewal.names[self._row(index)]

    def objective_of(self, index: int) -> Objective:
        """What is minimised for an image, with the importance of its pixels."""
        return (
            self._objective
            if self._importance is None
            else self._objective.weighted(self._importance[index : index + 1])
        )

    def seen(self, index: int) -> Tensor:
        """Which shapes can be seen in an image's best drawing, bool ``[1, N]``; others have collapsed or are hidden."""
        height, width = self.images.shape[-2:]
        return seen_shapes(self.decoder, self.scene(index, crisp=True), height, width, self.end_state)

    def state_dict(self) -> dict[str, Any]:
        """The state from which ``load_state_dict`` continues as if nothing had happened."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "steps": self.steps,
            "seconds": self.seconds,
            "num_visible": self.num_visible,
            "improvement": vars(self._improvement).copy(),
            "exact": self._exact,
            "times": self._times,
            "replacements": self._replacements,
            "palette": None if self._palette is None else vars(self._palette).copy(),
            "plateaus": dataclasses.asdict(self._plateaus),
            **self._renewal.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where a fit of the same images, layout and plan was, exact if it was; the budget may differ."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._renewal.load_state_dict(state)
        self.steps, self.num_visible = state["steps"], state["num_visible"]
        self._seconds, self._since = state["seconds"], None
        self._improvement = Improvement(**state["improvement"])
        self._exact = state["exact"]
        self._palette = None if state["palette"] is None else Palette(**state["palette"])
        self._times, self._replacements = state["times"], state["replacements"]
        self._plateaus = Plateaus(**state["plateaus"])

    def _state_at(self, progress: float) -> DrawState:
        side = min(self._view_at(progress).images.shape[-2:])
        return self.plan.schedule.state(progress, side, self.num_visible, self._plateaus, self._exact)

    def _chosen(self, index: int, best: bool) -> tuple[Tensor, DrawState]:
        """Raw numbers ``[1, raw_size]`` of an image's drawing, and how it looks."""
        optimizer, row = self._optimizer, self._row(index)
        visible = int(optimizer.num_visible[row]) if best else self.num_visible
        raw = optimizer.best if best else optimizer.raw
        return raw[row : row + 1], replace(self.end_state, visible=visible)

    def _row(self, index: int) -> int:
        """The restart of an image whose best drawing is the best, by its place among all."""
        first = index * self.plan.restarts
        return first + int(self._optimizer.least[first : first + self.plan.restarts].argmin())

    def _grow(self, progress: float) -> None:
        """Add the shapes whose round has begun."""
        before, now = self.num_visible, self.plan.strategy.num_visible(progress, self.layout)
        if now <= before:
            return
        if before:
            self.evaluate()  # the drawing may be worse at first with the shapes that are added
        self._renewal.add(self._view_at(progress), self._state_at(progress), before, now)
        self.num_visible = now
        self.evaluate()

    def _limit_colors(self, colors: int, progress: float) -> None:
        """From now on the shapes share a few colours; drawings without this limit are forgotten."""
        optimizer, view, state = self._optimizer, self._view_at(progress), self._state_at(progress)
        with torch.no_grad():
            scene = self.decoder.scene(optimizer.raw, state)
        _, areas = draw_and_measure(self.decoder, optimizer.raw, *view.size, state)
        raw, self._palette = limited(self.layout, optimizer.raw, scene, areas, colors)
        colored = torch.tensor([name == "color" for name in self.layout.field_names()], device=raw.device)
        optimizer.place(raw, colored.expand_as(raw))
        optimizer.forget_best()
        self.evaluate()

    def _view_at(self, progress: float) -> View:
        """The images of all drawings, restarts included, as large as they are drawn at a progress."""
        return self._views(self.plan.coarse.factor_at(progress))

"""The loop: shapes enter, move downhill, die and are put elsewhere; the best drawing is kept."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vectorae.decoder import (
    Growth,
    Plateaus,
    Relocation,
    Seeding,
    SoftnessSchedule,
    TemperatureSchedule,
    visible_pixels,
)
from vectorae.decoder.raw_optimizer import Descent, half_cosine
from vectorae.errors import UserError
from vectorae.fitting.budget import Budget
from vectorae.fitting.rates import Rates
from vectorae.layout import Layout, OverlayLayout, SceneLayout
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer
from vectorae.scene import Scene

GAIN = 1e-3
"""Part of its cost by which a drawing must become better, or it stands on a plateau."""

LOOKS_ON_PLATEAU = 4
"""How often at least a drawing is judged before it counts as standing on a plateau."""

LAST_RATE = 0.02
"""Part of the learning rate that is left at the end."""


@dataclass(frozen=True)
class Plan:
    """How a fit goes.

    Attributes:
        budget: what it may take.
        softness: of the drawings, in the course of the fit.
        temperature: of the order of shapes that have a depth, in the course of the fit.
        growth: when shapes enter.
        seeding: where.
        relocation: of shapes that paint nothing.
        rates: how fast each field goes.
        restarts: so many drawings of each image begin from other lots; the best of them counts.
        seed: of the lots.
    """

    budget: Budget
    softness: SoftnessSchedule = field(default_factory=SoftnessSchedule)
    temperature: TemperatureSchedule = field(default_factory=TemperatureSchedule)
    growth: Growth = field(default_factory=Growth)
    seeding: Seeding = field(default_factory=Seeding)
    relocation: Relocation = field(default_factory=Relocation)
    rates: Rates = field(default_factory=Rates)
    restarts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.restarts < 1:
            raise UserError(f"restarts: {self.restarts} is not a whole number of 1 or more")


class Fitting:
    """Drawings of images, in the making: call ``step`` until ``done``, and now and then ``look``.

    All are drawn together in one batch and do not depend on each other.

    Args:
        images: ``[B, C, H, W]`` in [0, 1].
        layout: what is drawn: of the images' channels and aspect.
        rasterizer: how.
        objective: what is minimised.
        plan: how it goes.

    Attributes:
        steps: how many were taken.
        revived: how many shapes were put elsewhere because they painted nothing.
        shown: how many shapes each drawing has by now.
    """

    def __init__(
        self,
        images: Tensor,
        layout: Layout | SceneLayout | OverlayLayout,
        rasterizer: Rasterizer,
        objective: Objective,
        plan: Plan,
    ) -> None:
        rasterizer.check_ordering(layout.ordering)
        self.images, self.layout, self.rasterizer = images, layout.to(images.device), rasterizer
        self.objective, self.plan = objective, plan
        self.steps = self.revived = self.num_visible = 0
        self._seconds = 0.0
        self._since: float | None = None
        self._flat = torch.full((len(images),), torch.inf)
        self._flat_since = self._judged = 0
        self._exact = False
        self._times, self._plateaus = 0, Plateaus()
        self._generator = torch.Generator().manual_seed(plan.seed)
        many = images.repeat_interleave(plan.restarts, 0)
        raw = many.new_zeros(len(many), layout.raw_size)
        self._descent = Descent(raw, many, layout, rasterizer, objective, plan.rates.scale(layout))
        self._grow()

    @property
    def seconds(self) -> float:
        """Since the first step, in which kernels may be compiled; pauses do not count."""
        return self._seconds + (0.0 if self._since is None else time.perf_counter() - self._since)

    @property
    def progress(self) -> float:
        """How much of the budget is used up, in [0, 1]."""
        return self.plan.budget.progress(self.steps, self.seconds)

    @property
    def exact(self) -> bool:
        """Whether drawings have the edges of crisp ones: in the last part of the fit, or since a plateau before it."""
        return self._exact or self.plan.softness.is_exact(self.progress)

    @property
    def on_plateau(self) -> bool:
        """Whether all shapes are there, and no drawing has become better by a thousandth for some time."""
        plateau = self.plan.budget.plateau
        flat = self._judged - self._flat_since
        return plateau is not None and self.num_visible == self.layout.count and flat >= plateau

    @property
    def done(self) -> bool:
        """Whether the budget is used up, or a plateau is reached."""
        return self.progress >= 1 or self.on_plateau

    @property
    def rounds(self) -> list[int]:
        """The round in which each shape enters, ``[N]``, from 1; 0 for those that were there before."""
        growth, seedable = self.plan.growth, len(self.layout.seedable)
        ends = [growth.count(number, seedable) for number in range(growth.rounds)]
        entered = [1 + next(n for n, end in enumerate(ends) if slot < end) for slot in range(seedable)]
        return [0] * (self.layout.count - seedable) + entered

    @property
    def softness(self) -> float:
        """Of the soft drawings by now, canvas units."""
        if self.exact:
            return self._last_softness
        schedule, progress = self.plan.softness, self.progress
        return schedule(self._plateaus.progress(schedule.until) if schedule.waits else progress, self._side)

    def step(self) -> tuple[Tensor, dict[str, Tensor]]:
        """One optimizer step; before it, shapes enter or are revived where it is time.

        Returns:
            The cost of each image ``[B]`` (the best of its restarts), and each of its terms by name.

        Raises:
            UserError: the cost is no number any more.
        """
        progress = self.progress
        self._grow()
        if (times := self.plan.relocation.due(progress)) > self._times:
            self._times = times
            self._revive()
        rate = LAST_RATE + (1 - LAST_RATE) * half_cosine(progress)
        cost, terms = self._descent.step(
            rate, self.softness, self.plan.temperature(progress), self.num_visible, self.exact
        )
        if not cost.isfinite().all():
            raise UserError(f"the loss became {cost.sum().item()} at step {self.steps}; try smaller rates")
        if self.plan.softness.waits:
            self._plateaus.observe(float(cost.sum()), progress, self.plan.softness.until)
        self.steps += 1
        self._since = self._since or time.perf_counter()
        plateau = self.plan.budget.plateau
        if plateau is not None and self.steps - self._judged >= max(1, plateau // LOOKS_ON_PLATEAU):
            self.look()
        best = cost.view(-1, self.plan.restarts).argmin(1, keepdim=True)
        return of_best(cost, best), {name: of_best(value, best) for name, value in terms.items()}

    def look(self) -> Tensor:
        """Judge the crisp drawings as they are now and keep the best: what those cost, of each image ``[B]``.

        On a plateau drawings become exact, if they are to end so; a plateau of those ends the fit.
        """
        self._descent.judge(self._last_softness, self.num_visible)
        least = self._descent.least.view(-1, self.plan.restarts).min(1).values
        self._judged, now = self.steps, least.cpu()
        better = now < self._flat * (1 - GAIN)
        self._flat = torch.where(better, now, self._flat)
        if self.num_visible < self.layout.count or better.any():
            self._flat_since = self.steps
        if not self._exact and (self.exact or (self.on_plateau and self.plan.softness.exact > 0)):
            self._exact, self._flat_since = True, self.steps
        return least

    def pause(self) -> None:
        """Stop the clock, until the next step."""
        self._seconds, self._since = self.seconds, None

    def scene(self, index: int, crisp: bool, best: bool = True) -> Scene:
        """A drawing of an image: crisp, or to be drawn as soft as it is at the end.

        Args:
            index: of the image.
            crisp: see above.
            best: the best so far, and not the present one (of the best restart).
        """
        first = index * self.plan.restarts
        row = first + int(self._descent.least[first : first + self.plan.restarts].argmin())
        raw = self._descent.best if best else self._descent.raw
        with torch.no_grad():
            scene = self.layout(raw[row : row + 1], crisp=crisp or self.plan.softness.is_exact(1.0))
            scene = self.rasterizer.crisp_scene(scene, self._last_softness) if crisp else scene
            return scene.select(0, int(self._descent.num_visible[row]) if best else self.num_visible)

    def draw(self, index: int, crisp: bool, best: bool = True, scale: float = 1.0) -> Tensor:
        """The same as an image ``[1, C, H, W]``, ``scale`` times as large as the image that is drawn."""
        height, width = (max(1, round(scale * pixels)) for pixels in self.images.shape[-2:])
        scene = self.scene(index, crisp, best)
        if crisp:
            return self.rasterizer.crisp(scene, height, width)
        temperature, exact = self.plan.temperature(1.0), self.plan.softness.is_exact(1.0)
        return self.rasterizer.soft(scene, height, width, self._last_softness, temperature, exact)

    def state(self) -> dict[str, Any]:
        """All that ``restore`` needs to go on as if nothing had happened."""
        return {
            "descent": self._descent.state(),
            "steps": self.steps,
            "seconds": self.seconds,
            "revived": self.revived,
            "shown": self.num_visible,
            "flat": (self._flat, self._flat_since, self._judged),
            "exact": self._exact,
            "times": self._times,
            "plateaus": dataclasses.asdict(self._plateaus),
            "generator": self._generator.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a fit of the same images, layout and plan was, exact if it was; the budget may be another."""
        self._descent.restore(state["descent"])
        self.steps, self.revived, self.num_visible = state["steps"], state["revived"], state["shown"]
        self._seconds, self._since = state["seconds"], None
        self._flat, self._flat_since, self._judged = state["flat"]
        self._exact = state["exact"]
        self._times, self._plateaus = state["times"], Plateaus(**state["plateaus"])
        self._generator.set_state(state["generator"])

    @property
    def _side(self) -> int:
        return min(self.images.shape[-2:])

    @property
    def _last_softness(self) -> float:
        return self.plan.softness(1.0, self._side)

    def _grow(self) -> None:
        """Let the shapes enter whose round has begun."""
        seedable = self.layout.seedable
        below = self.layout.count - len(seedable)
        number = self.plan.growth.round_at(self.progress)
        before, now = self.num_visible, below + self.plan.growth.count(number, len(seedable))
        if now <= before:
            return
        if before:
            self.look()  # what is there is good, and what comes may not be at once
        new = [slot for slot in range(before, now) if slot >= below]
        if new and self.plan.seeding.places != "layout":
            drawn = self._drawn(before or below)
            everyone = torch.ones(len(drawn), len(new), dtype=torch.bool)
            self._seed(drawn, new, everyone, len(new))
        self.num_visible = now
        self.look()

    def _revive(self) -> None:
        """Put shapes that paint nothing where the drawing is worst."""
        seedable = [slot for slot in self.layout.seedable if slot < self.num_visible]
        if not seedable:
            return
        drawn, pixels = self._visible()
        share = drawn[0, 0].numel() / self.num_visible
        dead = (pixels < self.plan.relocation.part * share)[:, seedable].cpu()
        if dead.any():
            self.revived += int(dead.sum())
            self._seed(drawn, seedable, dead, len(seedable))

    def _seed(self, drawn: Tensor, slots: Sequence[int], wanted: Tensor, among: int) -> None:
        """Seed those of some slots that are wanted, bool ``[B, n]``, as large as ``among`` shapes would be."""
        descent, raw = self._descent, self._descent.raw
        changed = torch.zeros_like(raw, dtype=torch.bool)
        ink = None
        if "color" not in self.layout.quantities():
            ink = self.layout(raw[:1]).color[0, list(slots)].mean(0)
        everyone = bool(wanted.all())
        for some in [range(len(raw))] if everyone else [[index] for index in range(len(raw)) if wanted[index].any()]:
            rows = list(some)
            chosen = [slot for slot, one in zip(slots, wanted[rows[0]].tolist(), strict=True) if one]
            seeds = self.plan.seeding(descent.images[rows], drawn[rows], len(chosen), ink, self._generator, among)
            raw[rows] = self.layout.seeded(raw[rows], chosen, seeds)
            numbers = self.layout.indices_of(chosen).to(raw.device)
            changed[torch.tensor(rows, device=raw.device)[:, None], numbers] = True
        descent.place(raw, changed)

    @torch.no_grad()
    def _drawn(self, num_visible: int) -> Tensor:
        """The soft drawings of the lowest shapes as they are now, ``[B, C, H, W]``; the background of none."""
        scene = self.layout(self._descent.raw, crisp=self.exact).select(0, num_visible)
        return self._soft(scene)

    @torch.no_grad()
    def _visible(self) -> tuple[Tensor, Tensor]:
        """The soft drawings as they are now, and on how many pixels each shape shows ``[B, N]``."""
        scene = self.layout(self._descent.raw, crisp=self.exact).select(0, self.num_visible)
        return self._soft(scene), visible_pixels(scene, self._soft)

    def _soft(self, scene: Scene) -> Tensor:
        height, width = self.images.shape[-2:]
        temperature = self.plan.temperature(self.progress)
        return self.rasterizer.soft(scene, height, width, self.softness, temperature, self.exact)


def of_best(values: Tensor, best: Tensor) -> Tensor:
    """Of each image the value of its best restart: ``[B R]`` → ``[B]``."""
    return values.view(len(best), -1).gather(1, best)[:, 0]

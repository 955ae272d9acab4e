"""Shapes of a fit that are added, relocated and replaced: each seeded where it gains most."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState, RawOptimizer, Target, draw_and_measure
from vectorae.fitting.coarse import View
from vectorae.fitting.plan import FitPlan


class Renewal:
    """Seeds shapes of drawings that an optimizer is at.

    Args:
        optimizer: of B drawings, restarts included.
        decoder: that of the optimizer.
        plan: of the fit.

    Attributes:
        relocated: how many shapes were relocated or replaced.
        names: the slot in which each shape of each drawing began, ``[B, N]``: replaced ones move up.
    """

    def __init__(self, optimizer: RawOptimizer, decoder: Decoder, plan: FitPlan) -> None:
        self.relocated = 0
        self._optimizer, self._decoder, self._plan = optimizer, decoder, plan
        self._layout = decoder.layout
        device, many = optimizer.best.device, len(optimizer.best)
        self.names = torch.arange(self._layout.count, device=device).repeat(many, 1)
        self._generator = torch.Generator().manual_seed(plan.seed)

    def add(self, view: View, state: DrawState, before: int, now: int) -> None:
        """Seed the shapes that are visible now and were not before, if they do not start as the layout has them.

        Args:
            view: the images that are drawn.
            state: how the drawings look.
            before, now: how many shapes are visible.
        """
        new = [slot for slot in range(before, now) if slot >= self._layout.drawn]
        if new and self._plan.strategy.seeding.places != "layout":
            state = replace(state, visible=before or self._layout.drawn)
            with torch.no_grad():
                drawn = self._decoder.render(self._optimizer.raw, *view.size, state)
            self._seed(view, drawn, new, torch.ones(len(drawn), len(new), dtype=torch.bool))

    def relocate(self, view: View, state: DrawState, visible: int) -> None:
        """Move dead shapes to where the drawing is worst; arguments as of ``add``, ``visible``: how many shapes are."""
        if not (seedable := self._seedable(visible)):
            return
        height, width = view.size
        drawn, pixels = draw_and_measure(self._decoder, self._optimizer.raw, height, width, state)
        dead = self._plan.strategy.relocation.dead(pixels, height * width)[:, seedable].cpu()
        if dead.any():
            self.relocated += int(dead.sum())
            self._seed(view, drawn, seedable, dead)

    def replace(self, view: View, state: DrawState, visible: int) -> None:
        """Replace the shapes whose removal costs least by new ones on top, where the drawing is worst; see ``add``."""
        seedable = self._seedable(visible)
        with torch.no_grad():
            scene = self._decoder.scene(self._optimizer.raw, state)
        costs = self._decoder.contributions(scene, view.images, state, view.importance).removal_costs
        chosen = torch.zeros_like(costs, dtype=torch.bool)
        chosen[:, seedable] = self._plan.replacement.chosen(costs[:, seedable])
        if not chosen.any():
            return
        self.relocated += int(chosen.sum())
        index, offset, origin = self._layout.raised(seedable, chosen)
        self._optimizer.reorder(index, offset)
        self.names = self.names.gather(1, origin)
        chosen = chosen.gather(1, origin[:, :visible])
        with torch.no_grad():
            scene = self._decoder.scene(self._optimizer.raw, state)
            without = replace(scene, opacity=scene.opacity * ~chosen)
            drawn = self._decoder.draw(without, *view.size, state)
        self._seed(view, drawn, seedable, chosen[:, seedable].cpu())

    def state_dict(self) -> dict[str, Any]:
        """The state from which ``load_state_dict`` continues as if nothing had happened."""
        return {"relocated": self.relocated, "names": self.names, "generator": self._generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where another one was; of the state, what others keep in it is left alone."""
        self.relocated, self.names = state["relocated"], state["names"].to(self.names.device, copy=True)
        self._generator.set_state(state["generator"])

    def _seedable(self, visible: int) -> list[int]:
        return [slot for slot in self._layout.seedable if slot < visible]

    def _seed(self, view: View, drawn: Tensor, slots: Sequence[int], wanted: Tensor) -> None:
        """Seed those of some slots that are wanted, bool ``[B, n]``."""
        optimizer, raw = self._optimizer, self._optimizer.raw
        if view.importance is not None:
            drawn = torch.lerp(view.images, drawn, view.importance)  # little is wanted where little counts
        changed = torch.zeros_like(raw, dtype=torch.bool)
        together = bool(wanted.all())
        for some in [range(len(raw))] if together else [[index] for index in range(len(raw)) if wanted[index].any()]:
            rows = list(some)
            chosen = [slot for slot, one in zip(slots, wanted[rows[0]].tolist(), strict=True) if one]
            target = Target(view.images[rows], drawn[rows], among=len(slots))
            raw[rows] = self._plan.strategy.seed(self._layout, raw[rows], chosen, target, self._generator)
            indices = self._layout.indices_of(chosen).to(raw.device)
            changed[torch.tensor(rows, device=raw.device)[:, None], indices] = True
        optimizer.place(raw, changed)

"""The encoder with all that corrects its prediction, in three parts: start, correction, and choice of the best."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vectorae.decoder import Decoder, DrawState
from vectorae.encoders import Refiner
from vectorae.export.double import FLOAT32, FLOAT64, Operators
from vectorae.export.network import SceneNetwork
from vectorae.export.tracing import EXAMPLES, Repeated, constant_weights, exported, traced
from vectorae.rasterizer import traceable
from vectorae.scene import Scene
from vectorae.training.autoencoder import VectorAutoencoder

GRID = 2.0**16
"""Steps in 1 of the grid to which raw numbers and memories are rounded in float64."""

FAR = 40.0
"""A raw number at which every length and share is at its end."""


class TraceableDecoder(Decoder):
    """A decoder that draws by ordinary operators alone, and exactly, as crisp drawings are.

    Args:
        decoder: whose drawings these are.
        state: in which it draws.
    """

    def __init__(self, decoder: Decoder, state: DrawState) -> None:
        super().__init__(decoder.layout, decoder.rasterizer)
        ends = torch.tensor([-FAR, FAR])[:, None].expand(-1, decoder.layout.raw_size)
        self._limits = tuple(map(traceable.limits_of, self.scene(ends, state).groups))

    def draw(self, scene: Scene, height: int, width: int, state: DrawState, crisp: bool = False) -> Tensor:
        scene = scene.with_alpha() if scene.background is None else scene
        return traceable.rasterize(scene, height, width, self._limits)


class CorrectedNetwork(SceneNetwork):
    """Images → the numbers of the model's answer, of all its hypotheses and corrections; see ``SceneNetwork``.

    What is carried from correction to correction is, of K hypotheses, raw numbers ``[K, B, raw_size]``, the refiner's
    memory ``[K, B, count + 1, width]``, and the best raw numbers until then with their cost, ``[K, B]``.

    Args:
        model: with hypotheses or corrections.
        stands_alone: draw by ordinary operators, which every program has, see ``why_not``; else by an operator of this
            package, ``vectorae::draw_on_cpu``.
    """

    def __init__(self, model: VectorAutoencoder, stands_alone: bool) -> None:
        super().__init__(model)
        self.stands_alone = stands_alone
        assert isinstance(model.refiner, Refiner | None)
        self._refiner, self._options, self._loss = model.refiner, model.options, model.loss
        own = Decoder(model.layout, replace(model.decoder.rasterizer, backend="cpu"))
        self._drawn = TraceableDecoder(model.decoder, model.state) if stands_alone else own

    def answer(self, images: Tensor, most: int | None = None) -> Tensor:
        """As ``SceneNetwork.answer``; after ``most`` corrections, where there are more."""
        seen, *carried = self.start(images)
        steps = self._options.num_corrections
        for _ in range(steps if most is None else min(most, steps)):
            carried = list(self.correct(images, seen, *carried))
        return self.chosen(images, *carried)

    def program(self, images: Tensor) -> Any:
        return self._program(images, images, FLOAT32)

    def double_program(self, images: Tensor) -> Any:
        """The program, which takes and outputs float32, all arithmetic between in float64: all draw the same.

        Two programs round apart by a ten-millionth in float32, of which corrections make up to a tenth of the canvas,
        and by less than a millionth of that in float64, of which on noise they still do: so after each correction
        its numbers are rounded to a grid that is coarse enough to be the same in both.
        """
        return copy.deepcopy(self).double()._program(images.double(), images, FLOAT64)

    def in_double(self, images: Tensor) -> dict[str, Tensor]:
        """What such a program outputs."""
        outputs = copy.deepcopy(self).double()(images.double())
        return {name: one.float() for name, one in outputs.items()}

    def _program(self, examples: Tensor, images: Tensor, operators: Operators) -> Any:
        with constant_weights(self):
            examples = examples[:1].expand(EXAMPLES, -1, -1, -1).contiguous()
            seen, *carried = self.start(examples)
            # Called once, as `traced` wants it.
            names = self.outputs(self.chosen(examples, *self.correct(examples, seen, *carried)))
            several = [1] * len(carried)
            start = traced(self.start, [examples], [0], operators)
            body = traced(self.correct, [examples, seen, *carried], [0, 0, *several], operators)
            finish = traced(self.finish, [examples, *carried], [0, *several], operators)
            steps = self._options.num_corrections
            repeated = Repeated(start, body, finish, steps, list(names), examples.dtype)
            return exported(repeated, images)

    def start(self, images: Tensor) -> Sequence[Tensor]:
        """What corrections read of images ``[B, C, S, S]`` (see ``Refiner.see``), and what is carried to the first."""
        features = self.encoder.encode(images)
        first = torch.zeros_like(images[:, 0, 0, 0], dtype=torch.long)
        predictions = [
            self.encoder.predict(features, images, None, self._count, first + number)
            for number in range(self._options.num_hypotheses)
        ]
        raw = _settled(torch.stack(predictions))
        size = (1, 1) if self._refiner is None else tuple(self._refiner.slots.shape)
        memory = torch.zeros_like(raw[..., :1, None]).repeat(1, 1, *size)
        seen = features if self._refiner is None else self._refiner.see(features)
        return seen, raw, memory, raw.clone(), torch.full_like(raw[..., 0], torch.inf)

    def correct(
        self, images: Tensor, seen: Tensor, raw: Tensor, memory: Tensor, best: Tensor, cost: Tensor
    ) -> Sequence[Tensor]:
        """What is carried on from one correction of all hypotheses."""
        if self._refiner is None:
            return raw, memory, best, cost
        several, batch = raw.shape[:2]
        many, seen = images.repeat(several, 1, 1, 1), seen.repeat(several, 1, 1)
        feedback = self._drawn.feedback(raw.flatten(0, 1), many, self._loss, self._state)
        best, cost = _better(raw, feedback.cost.unflatten(0, (several, batch)), best, cost)
        after = self._refiner(raw.flatten(0, 1), feedback, many, seen, memory.flatten(0, 1), self._count)
        raw, memory = (_settled(one.unflatten(0, (several, batch))) for one in after)
        return raw, memory, best, cost

    def chosen(self, images: Tensor, raw: Tensor, memory: Tensor, best: Tensor, cost: Tensor) -> Tensor:
        """The answers ``[B, raw_size]`` after the last correction, as ``Candidates`` chooses them."""
        if not self._options.chooses:
            return raw[0]
        several, batch = raw.shape[:2]
        many = images.repeat(several, 1, 1, 1)
        last = self._drawn.cost(raw.flatten(0, 1), many, self._loss, self._state)
        best, cost = _better(raw, last.unflatten(0, (several, batch)), best, cost)
        return best.gather(0, cost.argmin(0)[None, :, None].expand(1, -1, best.shape[2]))[0]

    def finish(self, images: Tensor, *carried: Tensor) -> Sequence[Tensor]:
        """The outputs after the last correction, in the order of their names."""
        return tuple(self.outputs(self.chosen(images, *carried)).values())


def why_not(model: VectorAutoencoder) -> str | None:
    """Why a model's drawings cannot be made by ordinary operators; None if they can."""
    scene: Scene = model.layout(torch.zeros(1, model.layout.raw_size), crisp=True)
    kinds = zip(model.layout.present_kinds, scene.groups, strict=True)
    others = [kind for kind, group in kinds if not traceable.is_traceable(group)]
    if others:
        return f"a {others[0]} as it is painted here needs the rasterizer"
    if not model.state.exact:
        return "soft drawings, as of a training that is not at its end, need the rasterizer"
    return None


def _better(raw: Tensor, cost: Tensor, best: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """Of two drawings of each hypothesis and image the one that costs less; the earlier one if both cost as much."""
    better = cost < least
    return torch.where(better[..., None], raw, best), torch.where(better, cost, least)


def _settled(numbers: Tensor) -> Tensor:
    """In float64 the nearest numbers on a grid, which other programs find too: see ``double_program``."""
    return (numbers * GRID).round() / GRID if numbers.dtype == torch.float64 else numbers

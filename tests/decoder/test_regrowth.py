"""Half or all of the shapes drawn anew: a way past the optimum that is next, for each image as if it were alone."""

import pytest
import torch

from vectorae import Layout, rasterize
from vectorae.decoder import Decoder, DrawState, keep_regrown, optimize_raw, regrow, regrowth
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

STATE, SIDE = DrawState(0.005, exact=True), 32
OBJECTIVE = Objective({"mse": 1.0})


def stuck(layout: Layout, batch: int, steps: int = 120, seed: int = 1) -> tuple[Decoder, torch.Tensor, torch.Tensor]:
    """Images that the layout can draw exactly, and drawings of them after as much descent as regrowth takes."""
    decoder = Decoder(layout, Rasterizer())
    images = rasterize(layout(layout.random_raw(batch, seed=seed, spread=2.0)), SIDE, SIDE, coverage="ramp")
    start = torch.zeros(batch, layout.raw_size)
    raw = optimize_raw(start, images, decoder, OBJECTIVE, lambda _: STATE, steps=steps, learning_rate=0.1)
    return decoder, images, raw


def test_it_leads_past_where_descent_ends() -> None:
    decoder, images, raw = stuck(Layout(["circle", "square"], rows=3, columns=3), 6)
    before = decoder.cost(raw, images, OBJECTIVE, STATE, crisp=True)
    grown, cost = regrow(raw[None], images, decoder, OBJECTIVE, STATE, seed=0)
    torch.testing.assert_close(cost[0], decoder.cost(grown[0], images, OBJECTIVE, STATE, crisp=True))
    assert torch.minimum(cost[0], before).mean() < 0.8 * before.mean()


def test_several_drawings_grow_differently_and_each_as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in ("ROUND_STEPS", "LAST_STEPS"):  # rounding grows with them
        monkeypatch.setattr(regrowth, steps, 2)
    # Of some images rounding decides where a shape goes, as of the first of seed 1.
    decoder, images, raw = stuck(Layout(["circle", "square"], rows=2, columns=2), 3, steps=10, seed=3)
    many = raw.expand(2, -1, -1)
    grown, cost = regrow(many, images, decoder, OBJECTIVE, STATE, seed=0)
    assert (cost[0] != cost[1]).any()
    assert not torch.equal(grown, regrow(many, images, decoder, OBJECTIVE, STATE, seed=1)[0])
    for index in range(3):
        _, alone = regrow(many[:, index : index + 1], images[index : index + 1], decoder, OBJECTIVE, STATE, seed=0)
        torch.testing.assert_close(alone[:, 0], cost[:, index], atol=0, rtol=0.02)


def test_the_last_of_several_drawings_is_drawn_anew_as_a_whole_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for steps in ("ROUND_STEPS", "LAST_STEPS"):
        monkeypatch.setattr(regrowth, steps, 2)
    decoder, images, raw = stuck(Layout(["circle", "square"], rows=2, columns=2), 3, steps=10)
    bad = torch.cat([raw[None], raw.flip(0)[None], -raw[None]])  # of other images: all are better after it
    for seed, parts in ((0, (0.5, 0.5, 0.0)), (1, (0.5, 0.5, 0.5))):
        kept, _ = keep_regrown(bad, images, decoder, OBJECTIVE, STATE, [seed])
        for part in {*parts}:
            some = [number for number, one in enumerate(parts) if one == part]
            grown, cost = regrow(bad[some], images, decoder, OBJECTIVE, STATE, seed, part_kept=part)
            before = decoder.cost(bad[some].flatten(0, 1), images.repeat(len(some), 1, 1, 1), OBJECTIVE, STATE, True)
            torch.testing.assert_close(
                kept[some], torch.where((cost < before.view_as(cost))[..., None], grown, bad[some])
            )


@pytest.mark.parametrize(
    ("kinds", "count", "visible", "options"),
    [
        (["circle"], 1, None, {}),
        (["circle", "square"], 5, 2, {}),
        (["line", "cubic"], 4, None, {"channels": 1}),
        (["triangle", "blob"], 3, None, {"background": "none"}),
        (["square"], 3, None, {"ordering": "depth"}),
        (["compound"], 2, None, {}),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_any_layout(kinds: list[str], count: int, visible: int | None, options: dict[str, object], exact: bool) -> None:
    """The numbers of what is not visible stay."""
    layout = Layout(kinds, count=count, **options)  # type: ignore[arg-type]
    decoder, state = Decoder(layout, Rasterizer()), DrawState(0.02, exact=exact, visible=visible)
    raw = layout.random_raw(2, seed=0)
    images = torch.rand(2, layout.image_channels, 12, 12, generator=torch.Generator().manual_seed(0))
    grown, cost = regrow(raw[None], images, decoder, OBJECTIVE, state, seed=0)
    assert grown.isfinite().all()
    assert cost.isfinite().all()
    if visible is not None:
        hidden = layout.indices_of(range(visible, count))
        assert torch.equal(grown[0][:, hidden], raw[:, hidden])

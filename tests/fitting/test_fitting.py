"""The loop of a fit: growth, relocation, restarts, the best drawing, the end, and resuming."""

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from vectorae import Layout, UserError, from_svg, rasterize, to_svg
from vectorae.decoder import (
    Decoder,
    Growth,
    Relocation,
    Schedule,
    Seeding,
    SoftnessSchedule,
    Strategy,
    draw_and_measure,
)
from vectorae.fitting import Budget, FitPlan, Fitting, Rates
from vectorae.fitting.state import read_state, write_state
from vectorae.layout import LayoutBase, SceneLayout
from vectorae.losses import Objective
from vectorae.rasterizer import Rasterizer

HEIGHT, WIDTH = 24, 32

STILL = Rates(point=0, length=0, angle=0, unit=0, color=0, opacity=0, stroke_width=0, background=0, depth=0)


def images(count: int = 1) -> Tensor:
    """Two discs of colour on grey, at several places."""
    y, x = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    batch = torch.full((count, 3, HEIGHT, WIDTH), 0.4)
    for index, image in enumerate(batch):
        for left, color in ((8 + index, (0.9, 0.2, 0.1)), (22, (0.1, 0.3, 0.8))):
            image[:, (x - left) ** 2 + (y - 12) ** 2 < 36] = torch.tensor(color)[:, None]
    return batch


def fitting(
    count: int = 4,
    batch: int = 1,
    steps: int | None = 60,
    layout: LayoutBase | None = None,
    objective: Objective | None = None,
    growth: Growth | None = None,
    relocation: Relocation | None = None,
    seeding: Seeding | None = None,
    softness: SoftnessSchedule | None = None,
    **plan: Any,
) -> Fitting:
    budget = plan.pop("budget", None) or Budget(steps)
    layout = layout or Layout(["circle"], count=count, aspect=WIDTH / HEIGHT, start="random")
    strategy = Strategy(growth or Growth(1), relocation or Relocation(20, 0.8, 0.1), seeding or Seeding())
    schedule = Schedule(softness or SoftnessSchedule(2, 0.25, 0.8, unit="pixel", exact=0.0))
    return Fitting(
        images(batch),
        Decoder(layout, Rasterizer()),
        objective or Objective({"mse": 1.0}),
        FitPlan(budget, schedule, strategy, **plan),
    )


def run(fit: Fitting, steps: int | None = None, every: int = 5) -> Fitting:
    """Until it is done, or for some steps."""
    while not fit.done and (steps is None or fit.steps < steps):
        fit.step()
        if fit.steps % every == 0:
            fit.evaluate()
    fit.evaluate()
    return fit


def error(fit: Fitting, index: int = 0) -> float:
    return float((fit.draw(index, crisp=True) - fit.images[index]).square().mean())


@pytest.mark.parametrize("kind", ["circle", "line", "triangle", "blob"])
def test_it_draws_what_it_sees(kind: str) -> None:
    layout = Layout([kind], count=6, aspect=WIDTH / HEIGHT)
    fit = fitting(layout=layout, steps=150)
    before = error(fit)
    assert error(run(fit)) < before / 4
    assert fit.steps == 150
    assert fit.progress == 1


def test_images_of_a_batch_do_not_depend_on_each_other() -> None:
    several = run(fitting(batch=3, steps=40, seeding=Seeding("layout"), relocation=Relocation(times=0)))
    alone = run(fitting(steps=40, seeding=Seeding("layout"), relocation=Relocation(times=0)))
    torch.testing.assert_close(several.draw(0, crisp=True), alone.draw(0, crisp=True), atol=1e-3, rtol=0)
    start = fitting(batch=3, seeding=Seeding("layout"))
    assert all(error(several, index) < error(start, index) for index in range(3))


def test_shapes_are_added_in_rounds_on_top_of_those_before() -> None:
    fit = fitting(count=6, growth=Growth(3, 0.6))
    assert (fit.num_visible, fit.rounds) == (2, [1, 1, 2, 2, 3, 3])
    num_visible = set()
    while not fit.done:
        num_visible.add(fit.num_visible)
        fit.step()
    assert num_visible == {2, 4, 6}
    fit.evaluate()
    assert fit.scene(0, crisp=True).count == 6
    raw = fitting(count=6, growth=Growth(3, 0.6))
    assert raw.scene(0, crisp=True, best=False).count == 2


def test_a_drawing_to_begin_with_stays_where_it_is() -> None:
    """Its shapes may be moved later, and new ones come in rounds on top of it: it is not seeded anew."""
    first = run(fitting(count=6))
    scene = first.scene(0, crisp=True)
    layout = SceneLayout(scene, WIDTH / HEIGHT, movable=True)
    again = fitting(layout=layout, growth=Growth(3), steps=1)
    assert again.num_visible == 6
    torch.testing.assert_close(error(again), error(first), rtol=1e-3, atol=1e-6)
    assert torch.equal(again._optimizer.raw, torch.zeros(1, layout.raw_size))
    assert again.rounds == [0] * 6


def test_snapshots_take_a_tenth_of_a_limited_time() -> None:
    taken = [0, 0]
    for number, budget in enumerate((Budget(None, max_time=1.0), Budget(40))):

        def snapshot(number: int = number) -> None:
            taken[number] += 1
            time.sleep(0.1)

        fitting(budget=budget).run(20, on_snapshot=snapshot)
    assert 2 <= taken[0] <= 5
    assert taken[1] == 21


def test_more_rounds_than_shapes() -> None:
    fit = run(fitting(count=2, growth=Growth(5, 1.0), steps=20))
    assert fit.num_visible == 2
    assert fit.rounds[0] == 1


def test_a_round_that_makes_it_worse_is_not_what_is_kept() -> None:
    """The drawing before the round is better than all after it, and is the one that is written."""
    fit = fitting(count=4, growth=Growth(2, 1.0), steps=40, rates=Rates(color=5.0))
    costs = []
    while not fit.done:
        fit.step()
        costs.append(float(fit.evaluate()))
    assert costs == sorted(costs, reverse=True)
    assert float(Objective({"mse": 1.0})(fit.draw(0, crisp=True), fit.images, fit.scene(0, True))) == pytest.approx(
        costs[-1], rel=1e-4
    )


def test_the_best_state_counts_and_not_the_last() -> None:
    fit = run(fitting(steps=60))
    best = error(fit)
    fit._optimizer.place(torch.randn_like(fit._optimizer.raw), torch.ones_like(fit._optimizer.raw, dtype=torch.bool))
    fit.evaluate()
    assert error(fit) == best
    last = (fit.draw(0, crisp=True, best=False) - fit.images).square().mean()
    assert float(last) > best


def test_how_much_of_each_shape_shows() -> None:
    """Against the difference that its colour makes, shape by shape."""
    fit = fitting(count=5)
    state, raw = fit.state, fit._optimizer.raw
    _, pixels = draw_and_measure(fit.decoder, raw, HEIGHT, WIDTH, state)
    scene = fit.decoder.scene(raw, state)
    for slot in range(5):
        sums = []
        for value in (0.0, 1.0):
            color = scene.color.clone()
            color[:, slot] = value
            sums.append(float(fit.decoder.draw(replace(scene, color=color), HEIGHT, WIDTH, state).sum()) / 3)
        assert float(pixels[0, slot]) == pytest.approx(sums[1] - sums[0], rel=1e-3, abs=1e-3)


def test_dead_shapes_are_relocated_to_where_the_drawing_is_worst() -> None:
    fit = fitting(count=4, relocation=Relocation(times=5, until=1.0))
    raw = fit._optimizer.raw.clone()
    dead = fit.layout.indices_of([2])
    opacity = [number for number in dead.tolist() if fit.layout.field_names()[number] == "opacity"]
    raw[0, opacity] = -15
    fit._optimizer.place(raw, torch.ones_like(raw, dtype=torch.bool))
    fit._renewal.relocate(fit._view_at(fit.progress), fit.state, fit.num_visible)
    assert fit.relocated == 1
    assert float(fit.layout(fit._optimizer.raw).opacity[0, 2]) > 0.5
    never = fitting(count=4, relocation=Relocation(times=0))
    run(never)
    assert never.relocated == 0


def test_shapes_that_cannot_be_seen_have_collapsed() -> None:
    fit = fitting(count=4)
    raw, names = fit._optimizer.raw.clone(), fit.layout.field_names()
    for number in fit.layout.indices_of([2]).tolist():
        if names[number] == "opacity":
            raw[0, number] = -15
    fit._optimizer.place(raw, torch.ones_like(raw, dtype=torch.bool))
    fit._optimizer.least.fill_(math.inf)
    fit.evaluate()
    assert fit.seen(0).tolist() == [[True, True, False, True]]
    scene = fit.scene(0, crisp=True)
    (whole,), (text,) = to_svg(scene, HEIGHT, WIDTH), to_svg(scene, HEIGHT, WIDTH, kept=fit.seen(0))
    assert (whole.count("<circle"), text.count("<circle")) == (4, 3)
    difference = rasterize(from_svg(text), HEIGHT, WIDTH) - rasterize(from_svg(whole), HEIGHT, WIDTH)
    assert float(difference.abs().max()) < 1 / 510


def test_each_drawing_relocates_its_own() -> None:
    fit = fitting(count=3, batch=2)
    raw = fit._optimizer.raw.clone()
    names = fit.layout.field_names()
    for row, slots in enumerate(([0], [1, 2])):
        for number in fit.layout.indices_of(slots).tolist():
            if names[number] == "opacity":
                raw[row, number] = -15
    fit._optimizer.place(raw, torch.ones_like(raw, dtype=torch.bool))
    fit._renewal.relocate(fit._view_at(fit.progress), fit.state, fit.num_visible)
    assert fit.relocated == 3
    assert (fit.layout(fit._optimizer.raw).opacity > 0.5).all()


def test_the_best_of_several_restarts_is_kept() -> None:
    fit = run(fitting(count=2, batch=2, restarts=3, steps=30))
    least = fit._optimizer.least.view(2, 3)
    assert least.unique().numel() == 6
    for index in range(2):
        assert error(fit, index) == pytest.approx(float(least[index].min()), rel=1e-4)
    cost, terms = fit.best_costs(fit.step())
    assert cost.shape == terms["mse"].shape == (2,)
    assert fit.draw(1, crisp=False).shape == (1, 3, HEIGHT, WIDTH)


def test_it_ends_by_steps_by_time_or_on_a_plateau() -> None:
    assert run(fitting(steps=7)).steps == 7
    fit = fitting(budget=Budget(max_time=0.3))
    fit.step()  # compiles
    fit._since = time.perf_counter()
    start = time.perf_counter()
    run(fit)
    assert 0.25 < time.perf_counter() - start < 5
    fit = run(fitting(budget=Budget(1000, plateau=20), rates=STILL))
    assert fit.on_plateau
    assert fit.steps == 20


def test_a_plateau_waits_for_the_last_shapes() -> None:
    fit = run(fitting(budget=Budget(100, plateau=10), rates=STILL, growth=Growth(2, 1.0)))
    assert fit.steps == 60
    alone = fitting(budget=Budget(100, plateau=10), rates=STILL, growth=Growth(2, 1.0))
    while not alone.done:  # it evaluates by itself
        alone.step()
    assert 55 <= alone.steps <= 65


@pytest.mark.parametrize("coverage", ["sigmoid", "gaussian"])
def test_the_last_part_is_drawn_exactly(coverage: str) -> None:
    layout = Layout(["circle", "line"], count=4, aspect=WIDTH / HEIGHT, start="random")
    schedule = Schedule(SoftnessSchedule(2, 0.25, unit="pixel", exact=0.5))
    plan = FitPlan(Budget(40), schedule, Strategy(Growth(1), Relocation(times=0)))
    fit = Fitting(images(1), Decoder(layout, Rasterizer(coverage)), Objective({"mse": 1.0}), plan)
    costs = []
    for step in range(40):
        assert fit.state.exact == (step >= 20)
        crisp = (fit.draw(0, crisp=True, best=False) - fit.images).square().mean()
        costs.append((float(fit.step().cost), float(crisp)))
    assert all((cost == pytest.approx(crisp, rel=1e-4)) == (step >= 20) for step, (cost, crisp) in enumerate(costs))
    assert torch.equal(fit.draw(0, crisp=False), fit.draw(0, crisp=True))


def test_on_a_plateau_it_is_drawn_exactly_before_it_ends() -> None:
    softness = SoftnessSchedule(2, 0.25, unit="pixel", exact=0.1)
    fit = fitting(budget=Budget(1000, plateau=20), rates=STILL, softness=softness)
    exact = []
    while not fit.done:
        fit.step()
        exact.append(fit.state.exact)
    assert fit.steps == len(exact) == 40
    assert exact == [step >= 19 for step in range(40)]
    # By plan, shortly before a plateau: there is time for the exact part as well.
    fit = fitting(
        budget=Budget(100, plateau=20), rates=STILL, softness=SoftnessSchedule(2, 0.25, unit="pixel", exact=0.82)
    )
    while not fit.done:
        fit.step()
    assert fit.steps == 40


@pytest.mark.parametrize("exact", [0.0, 0.5, 0.8])  # stopped before and in the exact part
def test_a_resumed_fit_equals_one_that_never_stopped(tmp_path: Path, exact: float) -> None:
    settings = {"a": 1, "budget": 3}
    plan: dict[str, Any] = {"count": 6, "growth": Growth(3, 0.8), "relocation": Relocation(10, 0.8, 0.1), "restarts": 2}
    plan["softness"] = SoftnessSchedule(2, 0.25, unit="pixel", exact=exact)
    whole = run(fitting(**plan))
    stopped = run(fitting(**plan), steps=25)
    stopped.pause()
    write_state(tmp_path / "state.pt", settings, {0: stopped.state_dict()})
    again = fitting(**plan)
    again.load_state_dict(read_state(tmp_path / "state.pt", settings, ())[0])
    assert (again.steps, again.seconds) == (25, stopped.seconds)
    run(again)
    assert torch.equal(whole._optimizer.raw, again._optimizer.raw)
    assert torch.equal(whole.draw(0, crisp=True), again.draw(0, crisp=True))
    assert whole.relocated == again.relocated


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    with pytest.raises(UserError, match=r"^resume: no file"):
        read_state(path, {}, ())
    path.write_bytes(b"no state")
    with pytest.raises(UserError, match=r"^resume: '.*' is damaged"):
        read_state(path, {}, ())
    torch.save({"state_dict": {}}, path)
    with pytest.raises(UserError, match=r"^resume: '.*' is not the state of a fit"):
        read_state(path, {}, ())
    write_state(path, {"size": 200, "seed": 0}, {})
    assert read_state(path, {"size": 200, "seed": 1}, ("seed",)) == {}
    with pytest.raises(UserError, match="size=200 and this run has size=100"):
        read_state(path, {"size": 100, "seed": 0}, ())
    with pytest.raises(UserError, match="extra=None and this run has extra=1"):
        read_state(path, {"size": 200, "seed": 0, "extra": 1}, ())


def test_a_loss_of_nan_ends_it() -> None:
    fit = fitting()
    raw = torch.full_like(fit._optimizer.raw, math.nan)
    fit._optimizer.place(raw, torch.ones_like(raw, dtype=torch.bool))
    with pytest.raises(UserError, match=r"^the loss became nan at step 0"):
        fit.step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Budget(None), "max_steps: null, and so is max_time"),
        (lambda: Budget(0), "max_steps must be an integer ≥ 1 or null, got 0"),
        (lambda: Budget(5, plateau=0), "plateau must be an integer ≥ 1 or null, got 0"),
        (lambda: SoftnessSchedule(exact=1.2), "exact must be a number in [0, 1], got 1.2"),
        (lambda: Budget(max_time=-1.0), "max_time must be a number > 0 or null, got -1.0"),
        (lambda: Growth(0), "rounds must be an integer ≥ 1, got 0"),
        (lambda: Growth(1, 0.0), "until must be a number in (0, 1], got 0.0"),
        (lambda: Relocation(-1), "times must be an integer ≥ 0, got -1"),
        (lambda: Relocation(threshold=-1.0), "threshold must be a number ≥ 0, got -1.0"),
        (lambda: Relocation(until=2.0), "until must be a number in (0, 1], got 2.0"),
        (lambda: FitPlan(restarts=0), "restarts must be an integer ≥ 1, got 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(make: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert message in str(caught.value)


def test_depth_and_ink_that_adds_up_are_refused_together() -> None:
    layout = Layout(["circle"], count=2, ordering="depth", aspect=WIDTH / HEIGHT)
    with pytest.raises(UserError, match=r"^primitives\.ordering: ink that adds up"):
        Decoder(layout, Rasterizer(compositing="soft_or"))
    run(fitting(layout=layout, steps=5))

"""All contenders do the same work."""

import pytest
import torch
from helpers.benchmarks import SMALL

from benchmarks import peers
from benchmarks.contenders import Ours, covered_pairs, drawing_pass
from benchmarks.workloads import DRAWINGS, ON_GPU, Size
from vectorae.scene import RoundedBox


@pytest.mark.parametrize("name", ["A", "B", "C", "D2"])
def test_covered_pairs_are_those_of_the_reference(name: str) -> None:
    work = DRAWINGS[name](Size(scale=0.2, batch=2))
    covered = covered_pairs(work)
    assert covered == pytest.approx(covered_pairs(work, "reference"), rel=1e-3)
    assert 0 < covered <= work.pairs


@pytest.mark.parametrize("name", [name for name in DRAWINGS if name not in ON_GPU])
def test_every_learned_tensor_has_a_gradient(name: str) -> None:
    work = DRAWINGS[name](SMALL)
    state, leaves = Ours("auto").leaves(work)
    gradients = torch.autograd.grad(Ours("auto").draw(work, state).square().sum(), leaves)
    assert len(leaves) >= 1
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)
    # A circle looks the same however it is turned.
    boxes = [group.outline for group in work.scene.groups if isinstance(group.outline, RoundedBox)]
    circles = sum(bool((box.roundness == 1).all()) for box in boxes)
    assert sum(not gradient.any() for gradient in gradients) <= circles


def test_a_pass_tells_its_phases() -> None:
    times = drawing_pass(Ours("auto"), DRAWINGS["A"](SMALL))()
    assert set(times) == {"forward", "backward", "both"}
    assert times["both"] == pytest.approx(times["forward"] + times["backward"])
    assert min(times.values()) > 0


@pytest.mark.parametrize(("workload", "name"), [(name, peer) for name in "ABC" for peer in DRAWINGS[name](SMALL).peers])
def test_peers_draw_the_same(workload: str, name: str) -> None:
    work = DRAWINGS[workload](Size(scale=0.5, batch=2))
    if not peers.PEERS[name].importable:
        pytest.skip(f"{name} is not installed")
    drawing = peers.PEERS[name].drawing()
    state, leaves = drawing.leaves(work)
    image = drawing.draw(work, state)
    ours = Ours("auto").draw(work, work.scene)
    # diffvg's edges are sharp, and two by two samples of them are coarse.
    assert (image - ours).abs().mean() < 0.1
    assert abs(float((image - ours).detach().mean())) < 0.02
    gradients = torch.autograd.grad(image.square().sum(), leaves)
    assert sum(leaf.numel() for leaf in leaves) >= work.scene.batch * work.scene.count * 4
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)

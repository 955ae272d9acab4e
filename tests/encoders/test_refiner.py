"""Learned refinement: it sees what each shape sees, corrects only what it should, and learns."""

from typing import Any

import pytest
import torch
from helpers.models import small_model
from torch import Tensor, nn

from vectorae import Layout, UserError
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.encoders import Refiner
from vectorae.encoders.refiner import sample_pixels, window_points
from vectorae.encoders.tokens import sample_cells
from vectorae.io.pixels import to_float
from vectorae.training.autoencoder import VectorAutoencoder

LAYOUTS = [
    "primitives=shapes_4x4",
    "primitives=mixed_free primitives.count=7",
    "primitives=lines_free primitives.count=3 primitives.background=0 primitives.fields.color=1",
    "primitives=triangles_free primitives.count=3 primitives.ordering=depth",
    "primitives=points_free primitives.count=1 rasterizer.coverage=gaussian",
]


def faces(count: int) -> Tensor:
    return to_float(draw_faces(0, "train", 0, count, 16, 3))


def refining(steps: int, *overrides: str) -> VectorAutoencoder:
    torch.manual_seed(0)
    return small_model(f"model.refine_steps={steps}", "refiner.width=32", *overrides)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_untrained_it_corrects_nothing_and_every_weight_learns(layout: str) -> None:
    model, images = refining(2, *layout.split()), faces(4)
    predictions = [raw for raw, _ in model.eval().predictions(images)]
    assert len(predictions) == 3
    assert all(torch.equal(raw, torch.zeros_like(raw)) for raw in predictions)
    for weight in model.parameters():
        if weight.abs().max() == 0:
            nn.init.normal_(weight, std=0.05)
    cost, parts = model.train().training_loss(images)
    cost.backward()
    assert set(parts) == {"loss", "loss/mse", "loss_of_encoder"}
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in model.parameters())


def test_what_it_learns_from_is_the_gradient_of_all_costs() -> None:
    """The gradient by way of each drawing's own, as if the refiner's inputs were constants."""
    model, images = refining(2), faces(3).double()
    model = model.double().eval()
    model.refiner.mean_square.fill_(1e-4)  # type: ignore[union-attr,operator]
    for weight in model.parameters():
        if weight.abs().max() == 0:
            nn.init.normal_(weight, std=0.05)
    last = next(weight for name, weight in model.named_parameters() if name == "encoder.head.numbers.weight")
    cost, _ = model.training_loss(images)
    (found,) = torch.autograd.grad(cost, last)
    total = torch.zeros((), dtype=torch.float64)
    for raw, feedback in model.predictions(images, complete=True):
        assert feedback is not None
        drawing = model.render(raw, crisp=False)
        total = total + (drawing - images).square().mean()
    assert float(cost.detach()) == pytest.approx(float(total.detach()), rel=1e-6)
    (expected,) = torch.autograd.grad(total, last)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-8)


def test_it_learns_to_correct() -> None:
    model, images = refining(3, "optimizer.lr=0.005"), faces(16)
    optimizer = model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Optimizer)
    corrected = encoded = 0.0
    for step in range(120):
        model.run.progress = step / 120
        cost, parts = model.train().training_loss(images)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        if step >= 60:  # a few steps may be lucky or not
            corrected, encoded = corrected + float(parts["loss"]), encoded + float(parts["loss_of_encoder"])
    assert corrected < 0.9 * encoded
    model.eval()
    costs = [
        float(feedback.cost.mean()) for _, feedback in model.predictions(images, complete=True) if feedback is not None
    ]
    assert costs[1] < costs[0]
    assert costs[-1] < 1.01 * min(costs)
    # What draws, draws with it.
    raw = model(images)
    torch.testing.assert_close(model.vectorize(images).color, model.decoder.scene(raw, model.state, crisp=True).color)
    assert not torch.allclose(raw, model.encoder(images))


def test_drawings_do_not_depend_on_each_other() -> None:
    model, images = refining(2).eval(), faces(5)
    for weight in model.parameters():
        if weight.abs().max() == 0:
            nn.init.normal_(weight, std=0.1)
    model.refiner.mean_square.fill_(1e-4)  # type: ignore[union-attr,operator]
    torch.testing.assert_close(model(images)[2:3], model(images[2:3]), atol=1e-4, rtol=1e-3)


def test_bounds_are_boxes_around_shapes() -> None:
    layout = Layout(["circle", "line", "triangle"], count=6)
    scene = layout(layout.random_raw(2, seed=3))
    center, half, angle = scene.bounds()
    assert (center.shape, half.shape, angle.shape) == ((2, 6, 2), (2, 6, 2), (2, 6))
    for group in scene.groups:
        for place, slot in enumerate(group.slots):
            outline: Any = group.outline
            if hasattr(outline, "center"):
                torch.testing.assert_close(center[:, slot], outline.center[:, place])
                torch.testing.assert_close(half[:, slot], outline.half_extents[:, place])
                continue
            reach = 0 if group.stroke_width is None else group.stroke_width[:, place, None, None] / 2
            inside = (outline.points[:, place] - center[:, slot, None]).abs() + reach
            torch.testing.assert_close(inside.amax(1), half[:, slot])


def test_what_is_read_of_the_map_once_is_what_its_samples_would_give() -> None:
    torch.manual_seed(0)
    refiner = Refiner(Layout(["circle"], count=3), features=4, width=8)
    features, points = torch.randn(2, 4, 5, 5), 1.4 * torch.rand(2, 6, 2) - 0.2
    seen = refiner.see(features)
    samples = sample_cells(features.flatten(2).mT, points)
    torch.testing.assert_close(
        sample_cells(seen[:, :-1], points) + refiner.local_features.bias, refiner.local_features(samples)
    )
    torch.testing.assert_close(seen[:, -1], refiner.global_features(features.mean((2, 3))))


def test_windows_are_sampled_on_a_grid() -> None:
    side = 32
    x = ((torch.arange(side) + 0.5) / side).expand(side, side)
    images = torch.stack([x, x.T])[None]  # the coordinates themselves
    center = torch.tensor([[[0.5, 0.4], [0.3, 0.6]]])
    half = torch.tensor([[[0.2, 0.1], [0.1, 0.2]]])
    angle = torch.tensor([[0.0, torch.pi / 2]])
    grid = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, -1.0]])
    seen = sample_pixels(images, window_points(center, half, angle, grid)).view(2, 2, 3)
    expected = torch.tensor([[[0.5, 0.7, 0.5], [0.4, 0.4, 0.3]], [[0.3, 0.3, 0.5], [0.6, 0.7, 0.6]]])
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be an integer ≥ 1, got 0"),
        ({"layers": 0}, "layers must be an integer in [1, 64], got 0"),
        ({"window": 0}, "window must be an integer in [1, 64], got 0"),
        ({"width": 30}, "attention_heads: 4 do not divide a width of 30"),
        ({"reach": 0.0}, "reach must be a number > 0, got 0.0"),
    ],
)
def test_mistakes_are_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        Refiner(Layout(["circle"], count=2), features=4, **arguments)
    assert str(caught.value).startswith(message)

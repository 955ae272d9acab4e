"""Encoders: whatever the image, zeros before training; after it, they look."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers.models import small_model
from torch import Tensor, nn
from torch.nn import functional

from vectorae import Layout, UserError, rasterize
from vectorae.encoders import CNN, MLP, Encoder, Grid, Latent, Queries, Recurrent, Torchvision
from vectorae.encoders.heads import _whole_patches
from vectorae.encoders.tokens import FromTokens, ToTokens, sample_cells
from vectorae.training.build import build_model

HEADS = [MLP, Grid, Queries, Recurrent]
LAYOUTS: dict[str, dict[str, Any]] = {
    "grid": {"kinds": ["circle", "square"], "rows": 2, "columns": 3},
    "free": {"kinds": ["line", "triangle", "cubic"], "count": 5, "background": 0, "ordering": "depth"},
    "one": {"kinds": ["line", "triangle"], "count": 1, "fields": {"color": 1}},
}


def encoder_of(layout: Layout, head: type[nn.Module] = MLP, side: int = 16, **arguments: Any) -> Encoder:
    backbone = CNN(channels=layout.channels, image_size=side, width=8)
    return Encoder(backbone, head(backbone.features, backbone.side, layout, **arguments), layout.raw_size)


def drawn_by(layout: Layout) -> Callable[[Tensor, int], Tensor]:
    return lambda raw, num_visible: rasterize(layout(raw).select(0, num_visible), 16, 16, softness=0.03)


def awake(encoder: Encoder) -> Encoder:
    """With last layers that answer something."""
    for weight in encoder.head.parameters():
        if weight.abs().max() == 0:
            nn.init.normal_(weight, std=0.3)
    return encoder


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("head", HEADS)
def test_untrained_encoders_answer_zeros(head: type[nn.Module], name: str, channels: int) -> None:
    layout = Layout(**LAYOUTS[name], channels=channels)
    encoder = encoder_of(layout, head)
    for training in (True, False):
        raw = encoder.train(training)(torch.rand(2, channels, 16, 16), drawn_by(layout))
        assert torch.equal(raw, torch.zeros(2, layout.raw_size))


@pytest.mark.parametrize("head", HEADS)
def test_every_weight_learns_and_every_answer_depends_on_the_image(head: type[nn.Module]) -> None:
    torch.manual_seed(0)
    layout = Layout(**LAYOUTS["free"])
    encoder = awake(encoder_of(layout, head))
    raw = encoder(torch.rand(4, 3, 16, 16), drawn_by(layout))
    raw.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in encoder.parameters())
    assert (raw.std(0) > 1e-4).all()


@pytest.mark.parametrize("head", HEADS)
def test_the_last_layer_learns_from_the_first_step(head: type[nn.Module]) -> None:
    layout = Layout(**LAYOUTS["grid"])
    encoder = encoder_of(layout, head)
    encoder(torch.rand(4, 3, 16, 16), drawn_by(layout)).sum().backward()
    assert max(float(weight.grad.abs().max()) for weight in encoder.head.parameters() if weight.grad is not None) > 0


@pytest.mark.parametrize("image_size", [16, 17, 28, 64])
def test_the_cnn_sees_every_pixel(image_size: int) -> None:
    torch.manual_seed(0)
    backbone = CNN(channels=1, image_size=image_size, width=8)
    images = torch.rand(4, 1, image_size, image_size, requires_grad=True)
    seen = backbone(images)
    assert seen.shape == (4, backbone.features, backbone.side, backbone.side)
    seen.square().sum().backward()
    assert images.grad is not None
    # With an odd side a strided convolution may leave out the last row.
    assert (images.grad[..., : image_size // 4 * 4, : image_size // 4 * 4] != 0).float().mean() > 0.95


@pytest.mark.parametrize(
    ("name", "image_size", "side"),
    [
        ("resnet18", 64, 4),
        ("resnet18", 28, 4),
        ("resnet18", 16, 4),
        ("mobilenet_v3_small", 64, 4),
        ("squeezenet1_1", 28, 6),
    ],
)
def test_networks_of_torchvision(name: str, image_size: int, side: int) -> None:
    for channels in (1, 3):
        backbone = Torchvision(channels, image_size, name)
        assert backbone.training
        seen = backbone(torch.rand(2, channels, image_size, image_size))
        assert seen.shape == (2, backbone.features, backbone.side, backbone.side)
        assert backbone.side == side


def test_a_backbone_ends_with_a_whole_block() -> None:
    # Inside the next block there are maps of the same size with 440 channels, which its shortcut goes past.
    assert Torchvision(3, 64, "regnet_y_400mf").features == 208


def test_a_map_is_not_one_pixel_repeated() -> None:
    seen = Torchvision(3, 64, "alexnet")(torch.rand(1, 3, 64, 64))
    assert seen.flatten(2)[0].T.unique(dim=0).shape[0] == seen.shape[-1] ** 2 >= 16


@pytest.mark.parametrize("image_size", [16, 28, 30, 64])
def test_a_recurrent_head_encodes_the_residual_where_a_shape_starts(image_size: int) -> None:
    layout = Layout(["circle"], rows=2, columns=2)
    head = Recurrent(4, 4, layout, rounds=2)
    for name, weight in head.residual.named_parameters():
        nn.init.constant_(weight, 0.0 if "global_features" in name else 0.01)
    residual = torch.rand(1, 6, image_size, image_size, requires_grad=True)
    token = head.residual(_whole_patches(residual))[0, 0]
    token.sum().backward()
    assert residual.grad is not None
    there = residual.grad.abs().sum((0, 1))
    centers = (torch.arange(image_size) + 0.5) / image_size
    assert float((there.sum(0) * centers).sum() / there.sum()) == pytest.approx(0.25, abs=0.04)


def test_a_vision_transformer_sees_images_enlarged() -> None:
    backbone = Torchvision(1, 28, "vit_b_32")
    assert (backbone.view, backbone.features, backbone.side) == (224, 768, 7)
    assert backbone(torch.rand(1, 1, 28, 28)).shape == (1, 768, 7, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "resnet81"}, "name: torchvision has no 'resnet81'"),
        ({"name": "resnet18", "weights": "BEST"}, "weights: resnet18 has no 'BEST'"),
        ({"name": "vit_b_32", "view": 64}, "view: 64 pixels, and vit_b_32 takes 224"),
        ({"name": "inception_v3", "view": 64}, "view: 64 pixels, and inception_v3 takes 75 or more"),
    ],
)
def test_networks_that_are_not_there_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        Torchvision(3, 64, **arguments)
    assert str(caught.value).startswith(message)


def test_weights_that_cannot_be_fetched_have_a_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def unreachable(*_: Any, **__: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    with pytest.raises(UserError, match=r"^weights: those of resnet18 cannot be fetched \(no network\); download http"):
        Torchvision(3, 64, "resnet18", weights="DEFAULT")


def test_what_began_with_weights_is_the_same_network_without_fetching_them() -> None:
    """Untrained networks see small images without their first pooling; a checkpoint brings its own weights."""
    config = {"encoder": {"_target_": "vectorae.encoders.Torchvision", "name": "resnet18", "weights": "DEFAULT"}}
    model = build_model({**small_model("dataset.image_size=28").config, **config}, pretrained=False)
    pooled: Any = model.encoder.backbone
    bare: Any = Torchvision(3, 28, "resnet18")
    assert isinstance(pooled.network.maxpool, nn.MaxPool2d) and isinstance(bare.network.maxpool, nn.Identity)


def test_a_recurrent_head_sees_what_is_drawn() -> None:
    torch.manual_seed(0)
    layout = Layout(["circle"], count=6)
    encoder = awake(encoder_of(layout, Recurrent, rounds=3))
    images, seen = torch.rand(2, 3, 16, 16), list[int]()

    def drawn(white: float) -> Tensor:
        def draw(raw: Tensor, num_visible: int) -> Tensor:
            seen.append(num_visible)
            return torch.full_like(images, white)

        return encoder.eval()(images, draw)

    black, white = drawn(0.0), drawn(1.0)
    assert seen == [2, 4, 2, 4]
    changed = (black - white).abs().amax(0) > 1e-5
    first = layout.indices_of([0, 1])
    assert not changed[first].any() and not changed[-3:].any()  # the background belongs to the first round
    assert changed[layout.indices_of([2, 3, 4, 5])].all()


def test_shapes_of_a_grid_see_the_place_where_they_start() -> None:
    torch.manual_seed(0)
    layout = Layout(["circle"], rows=2, columns=2, background=0)
    head = Grid(4, 4, layout)
    backbone: Any = nn.Identity()
    backbone.features, backbone.side = 4, 4
    awake(Encoder(backbone, head, layout.raw_size))
    features = torch.rand(1, 4, 4, 4)
    other = features.clone()
    # The mean of all features, which all shapes see, stays as it is.
    other[..., 0, 0] += 1
    other[..., 3, 3] -= 1
    one, two = (head(some, torch.zeros(1, 3, 16, 16), None).view(4, -1) for some in (features, other))
    changed = (one - two).abs().amax(1) > 1e-4
    assert changed.tolist() == [True, False, False, True]
    other = features.roll(1, dims=-1)
    moved = head(other, torch.zeros(1, 3, 16, 16), None).view(4, -1)
    assert ((one - moved).abs().amax(1) > 1e-4).all()


def test_a_recurrent_head_draws_in_rounds_and_sees_what_it_drew() -> None:
    torch.manual_seed(0)
    layout = Layout(["circle"], count=5)
    encoder = awake(encoder_of(layout, Recurrent, rounds=3))
    num_visible: list[int] = []

    def draw(raw: Tensor, count: int, ink: float = 0.0) -> Tensor:
        num_visible.append(count)
        return torch.full((len(raw), 3, 16, 16), ink)

    images = torch.rand(2, 3, 16, 16)
    blank = encoder.eval()(images, draw)
    assert num_visible == [2, 4]
    full = encoder(images, lambda raw, count: draw(raw, count, 1.0))
    width = layout.raw_size // 5
    numbers = [slice(slot * width, (slot + 1) * width) for slot in range(5)]
    assert torch.equal(blank[:, numbers[1]], full[:, numbers[1]])
    assert not torch.allclose(blank[:, numbers[2]], full[:, numbers[2]])
    with pytest.raises(UserError, match=r"^head: recurrent draws while it predicts, which needs an image"):
        encoder(images)


@pytest.mark.parametrize(("extend", "padding"), [(False, "zeros"), (True, "border")])
def test_features_are_sampled_bilinearly(extend: bool, padding: str) -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    points = 1.4 * torch.rand(2, 20, 2, dtype=torch.float64) - 0.2
    seen = sample_cells(features.flatten(2).mT, points, extend)
    grid = 2 * points[:, :, None] - 1
    expected = functional.grid_sample(features, grid, padding_mode=padding, align_corners=False)[..., 0].mT
    torch.testing.assert_close(seen, expected)
    gradients = [torch.autograd.grad(one.square().sum(), features)[0] for one in (seen, expected)]
    torch.testing.assert_close(*gradients)


def test_tokens_belong_to_slots() -> None:
    torch.manual_seed(0)
    layout = Layout(["circle", "line"], count=4)
    into, out = ToTokens(layout, 8, sets=2), FromTokens(layout, 8)
    raw = layout.random_raw(2, seed=0)
    tokens = into(raw, raw)
    assert tokens.shape == (2, 5, 8)
    assert out(tokens).shape == raw.shape
    for slot in range(4):
        changed = raw.clone()
        changed[:, layout.indices_of([slot])] += 1
        moved = (into(changed, raw) - tokens).abs().amax((0, 2)) > 1e-6
        assert moved.tolist() == [other == slot for other in range(5)]


@pytest.mark.parametrize("variational", [False, True])
def test_a_latent_is_a_bottleneck(variational: bool) -> None:
    torch.manual_seed(0)
    latent = Latent(features=4, side=2, size=3, variational=variational)
    features = torch.rand(5, 4, 2, 2)
    once, twice = latent(features), latent(features)
    assert once.shape == features.shape
    assert torch.equal(once, twice) is not variational
    assert (latent.divergence > 0).all() if variational else (latent.divergence == 0).all()
    latent.eval()
    assert torch.equal(latent(features), latent(features))
    # Whatever the latent does not depend on is lost.
    *_, unseen = torch.linalg.svd(latent.mean.weight.detach()).Vh
    changed = features + unseen.view(1, 4, 2, 2)
    torch.testing.assert_close(latent(changed), latent(features), atol=1e-5, rtol=0)
    assert not torch.allclose(latent(2 * features), latent(features), atol=1e-3)


def test_the_divergence_is_that_of_torch() -> None:
    torch.manual_seed(0)
    latent = Latent(features=4, side=2, size=3, variational=True)
    assert latent.log_deviation is not None
    nn.init.normal_(latent.log_deviation.weight)
    features = torch.rand(5, 4, 2, 2)
    latent(features)
    flat = features.flatten(1)
    found = torch.distributions.Normal(latent.mean(flat), latent.log_deviation(flat).exp())
    expected = torch.distributions.kl_divergence(found, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(latent.divergence, expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda layout: CNN(1, 16, width=0), "width must be an integer ≥ 1, got 0"),
        (lambda layout: MLP(4, 2, layout, hidden=0), "hidden must be an integer ≥ 1, got 0"),
        (lambda layout: Grid(4, 2, layout, width=0), "width must be an integer ≥ 1, got 0"),
        (lambda layout: Queries(4, 2, layout, layers=0), "layers must be an integer in [1, 64], got 0"),
        (lambda layout: Queries(4, 2, layout, width=30), "attention_heads: 4 do not divide a width of 30"),
        (lambda layout: Recurrent(4, 2, layout, rounds=0), "rounds must be an integer ≥ 1, got 0"),
        (lambda layout: Latent(4, 2, 0, False), "size must be an integer ≥ 1, got 0"),
    ],
)
def test_mistakes_are_refused_by_name(make: Callable[[Layout], object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        make(Layout(["circle"], count=2))
    assert str(caught.value) == message

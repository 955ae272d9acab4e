"""Toy faces: drawn by the project itself, the same for the same seed."""

from pathlib import Path

import pytest
import torch

from vectorae.datasets import ToyFaces, cache
from vectorae.datasets.procedural_faces import draw_faces, eye_boxes, eye_masks, random_faces
from vectorae.errors import UserError


def make(tmp_path: Path, train_count: int = 5, image_size: int = 16, channels: int = 3, seed: int = 0) -> ToyFaces:
    return ToyFaces(
        image_size=image_size,
        channels=channels,
        cache=str(tmp_path),
        seed=seed,
        train_count=train_count,
        val_count=3,
        test_count=2,
    )


def test_counts_and_shapes(tmp_path: Path) -> None:
    data = make(tmp_path, channels=1, image_size=17)
    assert [data.images(split).shape for split in cache.SPLITS] == [(n, 1, 17, 17) for n in (5, 3, 2)]
    assert data.images("train").dtype == torch.uint8


def test_the_same_seed_draws_the_same_faces_and_another_seed_others(tmp_path: Path) -> None:
    first, again = (make(tmp_path / name).images("train") for name in ("first", "again"))
    assert torch.equal(first, again)
    assert not torch.equal(first, make(tmp_path / "first", seed=1).images("train"))


def test_a_face_does_not_depend_on_how_many_are_made(tmp_path: Path) -> None:
    few, many = (make(tmp_path, train_count=count).images("train") for count in (5, 70))
    assert torch.equal(few, many[:5])
    everything = random_faces(3, 0, 0, 20)
    assert torch.equal(everything[7:9].color, random_faces(3, 0, 7, 9).color)


def test_no_two_faces_are_alike_in_or_across_splits() -> None:
    faces = torch.cat([draw_faces(0, split, 0, 20, 16).flatten(1) for split in cache.SPLITS]).float()
    distance = torch.cdist(faces, faces) + 1e9 * torch.eye(len(faces))
    assert distance.min() > 100


def test_faces_are_valid_scenes() -> None:
    scene = random_faces(0, 0, 0, 50)
    for values in (scene.color, scene.opacity, scene.ground):
        assert values.min() >= 0
        assert values.max() <= 1
    assert 15 <= scene.count <= 40


def test_they_look_like_faces() -> None:
    """On average lighter eyes than brows and a skin in the middle that differs from the corners; all colours vary."""
    faces = draw_faces(0, "train", 0, 100, 32).float() / 255
    middle, corner = faces[:, :, 12:20, 12:20].mean((2, 3)), faces[:, :, :4, :4].mean((2, 3))
    # Skin is redder than blue, whatever its lightness; backgrounds are of any hue.
    assert ((middle[:, 0] - middle[:, 2]) > 0.04).float().mean() > 0.95
    assert ((middle - corner).abs().mean(1) > 0.05).float().mean() > 0.9
    assert faces.std(0).mean() > 0.15


def test_grey_is_the_lightness_of_the_colours() -> None:
    color, grey = (draw_faces(0, "val", 0, 4, 32, channels) / 255 for channels in (3, 1))
    expected = torch.einsum("c,bchw->bhw", torch.tensor([0.299, 0.587, 0.114]), color)
    torch.testing.assert_close(grey[:, 0], expected, atol=0.01, rtol=0)


def test_sizes_show_the_same_face() -> None:
    small, large = (draw_faces(0, "test", 0, 4, size).float() for size in (16, 64))
    torch.testing.assert_close(torch.nn.functional.avg_pool2d(large, 4), small, atol=60, rtol=0)


def test_a_root_or_an_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^dataset\.root: '/nowhere' would not be read.*dataset=folder"):
        ToyFaces(root="/nowhere")
    with pytest.raises(UserError, match=r"^train_count must be an integer ≥ 1, got 0$"):
        make(tmp_path, train_count=0)


def test_eyes_are_where_the_data_set_says(tmp_path: Path) -> None:
    boxes, faces = eye_boxes(0, 0, 0, 60), draw_faces(0, "train", 0, 60, 128)
    x, y = ((boxes[..., axis] * 128).long() for axis in (0, 1))
    assert (boxes[:, 0, 0] < boxes[:, 1, 0]).all()
    # Irises and pupils are dark; a few lie below hair or a hat, or are seen through a light.
    number = torch.arange(60)[:, None]
    middle = faces.float().mean(1)[number, y, x]
    assert (middle < 60).float().mean() > 0.9
    masks = eye_masks(0, "train", 0, 60, 128)
    assert masks[number, 0, y, x].all()
    sides = 2 * boxes[..., 2] * 128
    assert (masks.flatten(1).sum(1) / sides.square().sum(1) - 1).abs().max() < 0.2
    data = make(tmp_path, train_count=60, image_size=128)
    assert torch.equal(data.regions("train")["eyes"], masks)
    assert len(data.regions("val")["eyes"]) == 3

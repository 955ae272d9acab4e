"""Which images make up which batch, and what the loaders hand out."""

import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from helpers.image_folders import make

from vectorae.datasets import Folder, ToyFaces, cache
from vectorae.datasets.stream import OrderedBatches, TrainingBatches, batch_flips, batch_indices


def stored(tmp_path: Path, images: torch.Tensor) -> cache.StoredImages:
    np.save(tmp_path / "images.npy", images.numpy())
    return cache.StoredImages(tmp_path / "images.npy", 0, len(images))


def numbered(count: int) -> torch.Tensor:
    """Images [count, 1, 1, 2] that show their number on the left and 255 on the right."""
    return torch.stack([torch.arange(count), torch.full((count,), 255)], -1).byte().view(count, 1, 1, 2)


class TestStream:
    def test_an_epoch_shows_every_image_once_and_the_next_in_another_order(self) -> None:
        epochs = [np.concatenate([batch_indices(0, step, 5, 20) for step in range(at, at + 4)]) for at in (0, 4)]
        assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
        assert (epochs[0] != epochs[1]).any()

    def test_the_remainder_of_an_epoch_is_left_out(self) -> None:
        epoch = np.concatenate([batch_indices(0, step, 6, 20) for step in range(3)])
        assert len(set(epoch.tolist())) == 18

    @pytest.mark.parametrize(("images", "batch_size"), [(3, 8), (1, 4), (7, 8)])
    def test_few_images_wrap_around_evenly(self, images: int, batch_size: int) -> None:
        batches = [batch_indices(0, step, batch_size, images) for step in range(images)]
        assert all(len(batch) == batch_size for batch in batches)
        assert (np.bincount(np.concatenate(batches)) == batch_size).all()

    def test_seeds_differ(self) -> None:
        assert (batch_indices(0, 3, 32, 1000) != batch_indices(1, 3, 32, 1000)).any()
        assert (batch_flips(0, 3, 64) != batch_flips(1, 3, 64)).any()
        assert (batch_flips(0, 3, 64) != batch_flips(0, 4, 64)).any()

    def test_half_of_the_images_are_mirrored_and_none_without_augment(self, tmp_path: Path) -> None:
        images = stored(tmp_path, numbered(200))
        plain, mirrored = (TrainingBatches(images, 200, augment, 0, 0, 1)[5] for augment in (False, True))
        assert (plain[..., 1] == 255).all()
        flipped = mirrored[:, 0, 0, 0] == 255
        assert 60 < flipped.sum() < 140
        assert torch.equal(torch.where(flipped.view(-1, 1, 1, 1), mirrored.flip(-1), mirrored), plain)
        assert torch.equal(flipped, torch.from_numpy(batch_flips(0, 5, 200)))

    @pytest.mark.parametrize("augment", [False, True])
    def test_devices_share_the_batch_of_one(self, tmp_path: Path, augment: bool) -> None:
        images = stored(tmp_path, numbered(50))
        whole = TrainingBatches(images, 12, augment, 0, 0, 1)[7]
        for world in (2, 3):
            parts = [TrainingBatches(images, 12, augment, 0, rank, world)[7] for rank in range(world)]
            assert torch.equal(torch.stack(parts, 1).flatten(0, 1), whole)

    @pytest.mark.parametrize("augment", [False, True])
    def test_batches_are_put_together_where_the_images_lie(self, tmp_path: Path, augment: bool) -> None:
        images = stored(tmp_path, numbered(50))
        # Nothing can be computed on the device "meta" from what lies elsewhere.
        batch = TrainingBatches(images, 12, augment, 0, 0, 1, torch.device("meta"))[7]
        assert batch.device.type == "meta"
        assert batch.shape == (12, 1, 1, 2)
        plain, home = (TrainingBatches(images, 12, augment, 0, 0, 1, home)[7] for home in (None, torch.device("cpu")))
        assert torch.equal(plain, home)

    @pytest.mark.parametrize(
        ("device", "free", "workers", "there"),
        [("cuda:0", 10**9, 0, True), ("cuda:0", 1000, 0, False), ("cuda:0", 10**9, 1, False), ("cpu", 10**9, 0, False)],
    )
    def test_images_lie_on_a_gpu_that_has_room(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, free: int, workers: int, there: bool
    ) -> None:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 10**10))
        data = ToyFaces(train_count=1, val_count=1, test_count=1, workers=workers)
        strategy = SimpleNamespace(root_device=torch.device(device))
        data.trainer = SimpleNamespace(strategy=strategy)  # type: ignore[assignment]
        home = data._resident_device(stored(tmp_path, numbered(500)))
        assert home == (torch.device(device) if there else None)

    def test_a_batch_does_not_write_to_the_images(self, tmp_path: Path) -> None:
        images = stored(tmp_path, numbered(8))
        TrainingBatches(images, 8, True, 0, 0, 1)[0].zero_()
        OrderedBatches(images, 8, 0, 1)[0].zero_()
        assert torch.equal(images.tensor(), numbered(8))

    @pytest.mark.parametrize("world", [1, 2, 4])
    def test_ordered_batches_give_every_image_once(self, tmp_path: Path, world: int) -> None:
        images = stored(tmp_path, numbered(21))
        seen = []
        for rank in range(world):
            batches = OrderedBatches(images, 8, rank, world)
            mine = torch.cat([batches[i] for i in range(len(batches))])
            assert torch.equal(mine, numbered(21)[rank::world])
            assert all(len(batches[i]) == 8 // world for i in range(len(batches) - 1))
            seen += mine[:, 0, 0, 0].tolist()
        assert sorted(seen) == list(range(21))


class TestLoaders:
    def test_batches_are_uint8_and_the_last_one_is_smaller(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path, batch_size=3, channels=1)
        train = next(iter(data.train_dataloader()))
        assert train.shape == (3, 1, 16, 16)
        assert train.dtype == torch.uint8
        held_out = list(make(photos, tmp_path, batch_size=1).val_dataloader())
        assert torch.equal(torch.cat(held_out), make(photos, tmp_path).images("val"))
        assert [len(batch) for batch in data.test_dataloader()] == [2]

    def test_workers_do_not_change_the_order(self, photos: Path, tmp_path: Path) -> None:
        runs = []
        for workers in (0, 2):
            stream = iter(make(photos, tmp_path, workers=workers).train_dataloader())
            runs.append(torch.stack([next(stream) for _ in range(7)]))
        assert torch.equal(*runs)

    def test_loaders_leave_the_random_numbers_of_training_alone(self, photos: Path, tmp_path: Path) -> None:
        data = make(photos, tmp_path)
        before = torch.get_rng_state()
        next(iter(data.train_dataloader()))
        list(data.val_dataloader())
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("accumulate", [1, 2])
    def test_a_resumed_run_continues_the_stream(self, photos: Path, tmp_path: Path, accumulate: int) -> None:
        whole = fit(make(photos, tmp_path), tmp_path / "whole", 11, accumulate)
        fit(make(photos, tmp_path), tmp_path / "half", 6, accumulate)
        rest = fit(make(photos, tmp_path), tmp_path / "rest", 11, accumulate, tmp_path / "half" / "last.ckpt")
        assert len(whole) == 11 * accumulate
        assert torch.equal(torch.stack(rest), torch.stack(whole[6 * accumulate :]))

    def test_stored_images_travel_to_a_process_as_a_path(self, photos: Path, tmp_path: Path) -> None:
        images = make(photos, tmp_path)._stored()["val"]
        pixels = images.tensor()
        sent = pickle.dumps(images)
        assert len(sent) < 1000
        assert torch.equal(pickle.loads(sent).tensor(), pixels)


class Recorder(pl.LightningModule):
    """Remembers the batches that it is trained with."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.batches: list[torch.Tensor] = []

    def training_step(self, batch: torch.Tensor) -> torch.Tensor:
        self.batches.append(batch)
        return self.weight * batch.float().mean()

    def validation_step(self, batch: torch.Tensor) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(data: Folder, run: Path, steps: int, accumulate: int, resume: Path | None = None) -> list[torch.Tensor]:
    """The batches of a run with Lightning."""
    model = Recorder()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=steps,
        accumulate_grad_batches=accumulate,
        val_check_interval=4,
        check_val_every_n_epoch=None,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run,
    )
    trainer.fit(model, data, ckpt_path=resume)
    trainer.save_checkpoint(run / "last.ckpt")
    return model.batches

"""Faces that the project's own rasterizer draws: the default data set, which needs no file."""

from collections.abc import Iterator

from vectorae.datasets import cache as disk
from vectorae.datasets.data import ImageData, whole
from vectorae.datasets.procedural_faces import draw_faces
from vectorae.errors import UserError

_AT_ONCE = 64


class ToyFaces(ImageData):
    """Faces varied in skin, hair, clothes, eyes, mouth, pose, beard, glasses, hat and background.

    Drawn once into the cache. Face i of a split depends on (seed, split, i) alone. Parameters as in `ImageData`; root
    stays None, and ``resize`` and ``download`` change nothing.

    Args:
        train_count: faces to learn from, 1 or more.
        val_count: faces to validate with, 1 or more.
        test_count: faces to test with, 1 or more.
    """

    config_name = "toy_faces"

    def __init__(
        self,
        root: str | None = None,
        image_size: int = 64,
        channels: int = 3,
        batch_size: int = 32,
        augment: bool = True,
        resize: str = "crop",
        download: bool = False,
        cache: str | None = None,
        workers: int = 0,
        seed: int = 0,
        train_count: int = 8000,
        val_count: int = 512,
        test_count: int = 512,
    ) -> None:
        super().__init__(
            root=root,
            image_size=image_size,
            channels=channels,
            batch_size=batch_size,
            augment=augment,
            resize=resize,
            download=download,
            cache=cache,
            workers=workers,
            seed=seed,
        )
        if root is not None:
            raise UserError(
                f"dataset.root: '{root}' would not be read, toy faces are drawn; choose the data set of those images, "
                "such as dataset=folder"
            )
        self._counts = {
            "train": whole("train_count", train_count, 1),
            "val": whole("val_count", val_count, 1),
            "test": whole("test_count", test_count, 1),
        }

    def recipe(self) -> disk.Recipe:
        """One cache for each seed. A few small faces are part of its key: drawn differently, all are drawn again."""
        return disk.Recipe(
            name=self.config_name,
            verb="drawing",
            identity=[self.seed, draw_faces(self.seed, "train", 0, 4, 16).flatten().tolist()],
            image_shape=(self.channels, self.image_size, self.image_size),
            counts=self._counts,
            blocks=self._drawn,
        )

    def _drawn(self, split: str) -> Iterator[disk.Block]:
        for start in range(0, self._counts[split], _AT_ONCE):
            # Always whole blocks: vectorised arithmetic may round the last few numbers of a tensor differently.
            faces = draw_faces(self.seed, split, start, start + _AT_ONCE, self.image_size, self.channels)
            yield disk.Block(faces[: self._counts[split] - start].numpy())

"""Pictures in the course of time as one file: GIF, and video where ffmpeg is there."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from vectorae.io.atomic import replacing

SECONDS = 8.0
"""An animation's length, without its rest on the last picture."""

COLORS = 128
"""Of a GIF's palette."""


def write_gif(
    pictures: Sequence[Path | Image.Image], path: Path, seconds: float = SECONDS, largest: int | None = None
) -> None:
    """The pictures as a looping animation of about ``seconds``, resting on the last one.

    Args:
        pictures: files or images, in the course of time.
        path: of the file.
        seconds: of the animation.
        largest: pixels of the longer side, to which larger pictures are reduced: a GIF is a large file.
    """
    frames = []
    for picture in _opened(pictures):
        if largest is not None:
            picture.thumbnail((largest, largest))
        frames.append(picture.quantize(COLORS, dither=Image.Dither.NONE))
    if not frames:
        return
    each = max(40, int(1000 * seconds / len(frames)))
    durations = [each] * (len(frames) - 1) + [3 * each + 1000]
    with replacing(path) as part:
        frames[0].save(part, format="gif", save_all=True, append_images=frames[1:], duration=durations, loop=0)


def write_mp4(pictures: Sequence[Path], path: Path, seconds: float = SECONDS) -> bool:
    """The pictures, all of one size, as a video (H.264) that rests on the last one for two seconds.

    Returns:
        Whether it was written: False where there is no ffmpeg, or one that cannot write such a video.
    """
    ffmpeg, frames = shutil.which("ffmpeg"), _opened(pictures)
    if ffmpeg is None or not frames:
        return False
    rate = max(1, round(len(frames) / seconds))
    width, height = frames[0].size
    content = b"".join(frame.tobytes() for frame in [*frames, *[frames[-1]] * (2 * rate)])
    # H.264 halves the resolution of colours: an odd size gets one more row or column.
    command = [ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-r", str(rate), "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264"]
    command += ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4"]
    try:
        with replacing(path) as part:
            subprocess.run([*command, str(part)], input=content, capture_output=True, check=True)
    except subprocess.CalledProcessError:
        return False
    return True


def _opened(pictures: Sequence[Path | Image.Image]) -> list[Image.Image]:
    frames = []
    for picture in pictures:
        if isinstance(picture, Image.Image):
            frames.append(picture.convert("RGB"))
            continue
        with Image.open(picture) as image:
            frames.append(image.convert("RGB"))
    return frames

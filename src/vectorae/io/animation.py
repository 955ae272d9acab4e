"""Animations: GIF, and video where ffmpeg is installed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from vectorae.io.atomic import replacing

SECONDS = 8.0
"""Length of an animation, without the pause on its last picture."""

COLORS = 128
"""In the palette of a GIF."""


def write_gif(
    pictures: Sequence[Path | Image.Image], path: Path, seconds: float = SECONDS, largest: int | None = None
) -> None:
    """Write pictures as a looping GIF that pauses on the last one; no pictures make no file.

    Args:
        pictures: files or images, in order.
        path: of the GIF.
        seconds: its length, about.
        largest: longer side to which larger pictures are reduced, pixels: GIFs are large files.
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


def write_mp4(pictures: Sequence[Path | Image.Image], path: Path, seconds: float = SECONDS) -> bool:
    """Write pictures of one size as a video (H.264) that pauses on the last one for two seconds.

    Returns:
        Whether it was written: False if ffmpeg is missing or cannot write such a video.
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

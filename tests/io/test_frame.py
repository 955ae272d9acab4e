"""How large drawings are shown: pixels, millimetres, factors; and which part of them."""

import math

import pytest

from vectorae.io.frame import MAX_OUTPUT_PIXELS, Frame, OutputSize, Part, is_width
from vectorae.io.images import View

PADDED = View(64, 3, "pad")


@pytest.mark.parametrize(
    ("size", "shown", "view"),
    [
        (OutputSize(), ("3000", "2000"), 64 * 2 / 3),
        (OutputSize(scale=0.5), ("1500", "1000"), 64 * 2 / 3),
        (OutputSize(width=1000), ("1000", "667"), 64 * 0.667),
        (OutputSize(width="120mm"), ("120mm", "80mm"), 64 * 2 / 3),
        (OutputSize(width="12.5mm"), ("12.5mm", "8.33mm"), 64 * 2 / 3),
    ],
)
def test_a_padded_picture_keeps_its_shape(size: OutputSize, shown: tuple[str, str], view: float) -> None:
    frame = PADDED.frame(3000, 2000, size)
    assert frame.attributes == shown
    assert not frame.stretched
    assert frame.part == pytest.approx((0, (64 - view) / 2, 64, view))
    upright = PADDED.frame(2000, 3000, OutputSize())
    assert upright.part == pytest.approx((32 / 3, 0, 128 / 3, 64))


def test_a_crop_is_as_large_as_what_was_cut_out() -> None:
    frame = View(64, 3, "crop").frame(3000, 2000, OutputSize())
    assert frame == Frame(Part(0, 0, 64, 64), 2000, 2000)
    assert View(64, 3, "crop").frame(3000, 2000, OutputSize(width=500)).attributes == ("500", "500")


def test_only_a_stretched_picture_is_stretched() -> None:
    frame = View(64, 3, "stretch").frame(3000, 2000, OutputSize(scale=0.1))
    assert frame.stretched and frame.attributes == ("300", "200")
    assert not View(64, 3, "stretch").frame(300, 300, OutputSize(scale=0.1)).stretched


@pytest.mark.parametrize("size", [(3, 7001), (7001, 3), (1, 1), (999, 1000), (4001, 3999)])
@pytest.mark.parametrize("scale", [0.001, 0.37, 1.0, 13.0])
def test_whole_pixels_have_the_aspect_of_the_part(size: tuple[int, int], scale: float) -> None:
    frame = PADDED.frame(*size, OutputSize(scale=scale))
    assert (frame.width, frame.height) == (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    assert frame.width / frame.height == pytest.approx(frame.part.width / frame.part.height)
    assert frame.in_pixels() == frame


def test_a_drawing_of_no_picture_can_be_seen_without_a_lens() -> None:
    assert OutputSize().square(64).attributes == ("512", "512")
    assert OutputSize().square(200).attributes == ("600", "600")
    assert OutputSize().square(1024).attributes == ("1024", "1024")
    assert OutputSize(width=100).square(64).attributes == ("100", "100")
    assert OutputSize(scale=1.0).square(64).attributes == ("64", "64")


def test_pictures_have_a_limit_and_svgs_have_none() -> None:
    size = OutputSize(scale=4.0)
    frame = PADDED.frame(3000, 2000, size)
    assert frame.attributes == ("12000", "8000")
    why = size.refusal(frame, "a.jpg")
    assert why is not None and why.startswith("scale: 'a.jpg' would become a PNG of 12000×8000 pixels")
    largest = int(why.split("write width=")[1].split()[0])
    allowed = OutputSize(width=largest)
    assert allowed.refusal(PADDED.frame(3000, 2000, allowed), "a.jpg") is None
    assert largest**2 * 2 / 3 > 0.98 * MAX_OUTPUT_PIXELS
    # The own size of a picture is never refused; its PNG is then smaller.
    own = PADDED.frame(12000, 8000, OutputSize())
    assert OutputSize().refusal(own, "a.jpg") is None
    less = own.in_pixels(MAX_OUTPUT_PIXELS)
    assert 0.99 * MAX_OUTPUT_PIXELS < less.width * less.height <= MAX_OUTPUT_PIXELS and not less.stretched


def test_what_a_width_may_be() -> None:
    assert all(map(is_width, (1, 1200, "120mm", "0.5mm")))
    wrong = (0, -3, True, 1.5, "1200", "120 mm", "mm", "1e3mm", "0mm", "-3mm", "9" * 400 + "mm", 10**9, None)
    assert not any(map(is_width, wrong))
    assert math.isclose(OutputSize(width="25.4mm").square(64).width, 96)

"""Speeds in words."""


def speed(count: float, seconds: float, unit: str = "image") -> str:
    """How fast things are done, in numbers that are easy to read.

    >>> speed(570, 10), speed(27, 10), speed(1, 63), speed(0, 2)
    ('57 images/s', '2.7 images/s', '1 image in 63 s', '0 images/s')

    Args:
        count: of what was done.
        seconds: that it took.
        unit: of what was done, in the singular.
    """
    rate = count / max(seconds, 1e-9)
    if 0 < rate < 1:
        return f"1 {unit} in {1 / rate:.{0 if rate < 0.1 else 1}f} s"
    return f"{rate:.{1 if 0 < rate < 10 else 0}f} {unit}s/s"

"""Where scenes are drawn, and whether timings are printed."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass
class _Settings:
    device: torch.device
    print_timing: bool = False


_SETTINGS = _Settings(torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def set_use_gpu(use_gpu: bool) -> None:
    """Draw on the GPU, if there is one, or on the CPU."""
    set_device(torch.device("cuda" if use_gpu and torch.cuda.is_available() else "cpu"))


def get_use_gpu() -> bool:
    """Whether scenes are drawn on a GPU."""
    return _SETTINGS.device.type == "cuda"


def set_device(device: torch.device | str) -> None:
    """Draw on this device; where it is not there, on the CPU, with a warning."""
    wanted = torch.device(device)
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        warnings.warn(f"vectorae.pydiffvg: no device {wanted} here; the CPU draws", stacklevel=2)
        wanted = torch.device("cpu")
    _SETTINGS.device = wanted


def get_device() -> torch.device:
    """The device that images are drawn on and returned on."""
    return _SETTINGS.device


def set_print_timing(print_timing: bool) -> None:
    """Print how many seconds each drawing, and each backward pass through one, takes."""
    _SETTINGS.print_timing = print_timing


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print the time that a block takes, if timings are printed."""
    start = time.perf_counter()
    yield
    if _SETTINGS.print_timing:
        print(f"{what}, time: {time.perf_counter() - start:.5f} s")

"""Compile the GPU kernels for a GPU that need not be present, and print the name of each."""

from itertools import product
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from vectorae.rasterizer.coverage import PROFILES, SUBPIXELS
from vectorae.rasterizer.gpu import loops, rows, self_intersections, tiles
from vectorae.rasterizer.packing import DRAWN

TARGET = GPUTarget("cuda", 90, 32)

WHOLE = dict.fromkeys(("kinds", "first", "size", "gradients", "spreads", "bounds", "segment_bounds"), "*i32")
WHOLE["ink_bounds"] = "*i32"
LONG = dict.fromkeys(("order", "begins", "segment_begins", "ink_begins", "pieces", "following"), "*i64")
NUMBERS = {"count": "i32", "vertex_count": "i32", "height": "i32", "width": "i32", "pixel": "fp32"}
NUMBERS |= dict.fromkeys(("room", "rows_room", "segment_rows_room", "ink_rows_room", "tiles"), "i32")
NUMBERS |= dict.fromkeys(("gradient_count", "stops"), "i32")


def compile_kernel(kernel: Any, real: str, warps: int, **constants: Any) -> None:
    """All other arguments are pointers to real numbers."""
    types = {name: NUMBERS.get(name) or WHOLE.get(name) or LONG.get(name) or f"*{real}" for name in kernel.arg_names}
    types |= dict.fromkeys(constants, "constexpr")
    source = ASTSource(fn=kernel, signature=types, constexprs=constants)
    triton.compile(source, target=TARGET, options={"num_warps": warps})
    print("compiled", kernel, real, constants)


def main() -> None:
    tile = {"PROFILE": 1, "TILE": 16}
    every_kind = (1 << len(DRAWN)) - 1
    compile_kernel(tiles.find_bounds, "fp32", 1, **tile)
    compile_kernel(rows.sum_rows, "fp32", 1, RANK=14, PADDED=16, SHAPES=1, LENGTH=8)
    compile_kernel(rows.sum_rows, "fp32", 1, RANK=4, PADDED=4, SHAPES=16, LENGTH=2)
    for even_odd in (False, True):
        compile_kernel(self_intersections.cut_paths, "fp64", 1, EVEN_ODD=even_odd)
    settings = [
        ("sigmoid", False, 3, "fp32", False),
        ("gaussian", True, 1, "fp64", True),
        ("ramp", False, 3, "fp32", True),
    ]
    for (coverage, soft_or, channels, real, gradients), kernel in product(settings, (loops.draw, loops.differentiate)):
        fine, numbers = SUBPIXELS.get(coverage, 1), torch.finfo(torch.float32 if real == "fp32" else torch.float64)
        compile_kernel(
            kernel,
            real,
            4 if fine == 1 else 8,
            EPSILON=numbers.eps,
            TINY=numbers.tiny,
            CHANNELS=channels,
            PADDED=triton.next_power_of_2(channels),
            PROFILE=list(PROFILES).index(coverage),
            FINE=fine,
            SOFT_OR=soft_or,
            PRESENT=every_kind,
            GRADIENTS=gradients,
            TILE=16 if fine == 1 else 8,
            **({"ROOM": 128} if kernel is loops.differentiate else {}),
        )


if __name__ == "__main__":
    main()

"""ONNX files whose weights take no more room than their digits need."""

from collections.abc import Iterator
from typing import Any

import numpy as np

FEWEST = 64
"""Numbers of a tensor that is worth it."""

NARROW = (np.float16, np.float32)
"""Types, the smallest first."""


def pack_doubles(model: Any) -> None:
    """Keep weights in float64 as float16 or float32 where that is exact; they are widened when the file is opened."""
    for graph in _graphs(model.graph):
        _pack(graph)


def _pack(graph: Any) -> None:
    import onnx
    from onnx import helper, numpy_helper

    kept, widened = [], []
    for tensor in graph.initializer:
        narrow = _narrowed(numpy_helper.to_array(tensor)) if tensor.data_type == onnx.TensorProto.DOUBLE else None
        if narrow is None:
            kept.append(tensor)
            continue
        packed = f"{tensor.name}.packed"
        kept.append(numpy_helper.from_array(narrow, packed))
        widened.append(helper.make_node("Cast", [packed], [tensor.name], to=onnx.TensorProto.DOUBLE))
    nodes = [*widened, *graph.node]
    for field, content in ((graph.initializer, kept), (graph.node, nodes)):
        del field[:]
        field.extend(content)


def _narrowed(numbers: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any] | None":
    """The same numbers in the smallest type that has them; None if there is none, or they are few."""
    if numbers.size < FEWEST:
        return None
    with np.errstate(over="ignore"):
        return next((one for dtype in NARROW if np.array_equal(one := numbers.astype(dtype), numbers)), None)


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and those within it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)

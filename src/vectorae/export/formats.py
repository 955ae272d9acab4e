"""The formats: each writes a file, and runs what it has written."""

import importlib
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vectorae.errors import UserError
from vectorae.export.corrected import CorrectedNetwork
from vectorae.export.network import SceneNetwork
from vectorae.export.packing import pack_doubles
from vectorae.io.torch_file import checksum
from vectorae.training.autoencoder import VectorAutoencoder
from vectorae.training.checkpoint import load

Tensors = dict[str, Tensor]

GRID_SAMPLE_LINEAR = 20
"""The version of ONNX's operators from which on a bilinear sample is called linear."""


class Format(NamedTuple):
    """A format that an encoder can be exported in.

    Attributes:
        file: the file's name.
        needs: packages, from the extra ``export``.
        write: the file, of a model and its network.
        open: what the file outputs to images, by name: a function of images, as a file takes seconds to open.
        whole: whether it is the whole model, and not what draws with it.
        stands_alone: whether programs open it that have no operators of ours.
    """

    file: str
    needs: tuple[str, ...]
    write: Callable[[VectorAutoencoder, SceneNetwork, Path], None]
    open: Callable[[Path], Callable[[Tensor], Tensors]]
    whole: bool = False
    stands_alone: bool = True

    def check(self) -> None:
        """Refuse what cannot work here.

        Raises:
            UserError: a package is not installed.
        """
        for package in self.needs:
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise UserError(f"format: needs the package {package}; pip install 'vectorae[export]'") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Torch and ONNX tell much about themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _program(model: VectorAutoencoder, network: SceneNetwork) -> Any:
    """The network as torch.export has it, for any number of images."""
    return network.program(_examples(model))


def _examples(model: VectorAutoencoder) -> Tensor:
    return torch.rand(2, model.layout.image_channels, model.image_size, model.image_size)


def _write_onnx(model: VectorAutoencoder, network: SceneNetwork, path: Path) -> None:
    if isinstance(network, CorrectedNetwork):
        _write_program_as_onnx(network, network.double_program(_examples(model)), path)
        if _opens(path):
            return
    _write_program_as_onnx(network, _program(model, network), path)


def _opens(path: Path) -> bool:
    """Whether ONNX Runtime has all operators of a file, for the types in which it uses them."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as Missing

    try:
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Missing:
        return False
    return True


def _write_program_as_onnx(network: SceneNetwork, program: Any, path: Path) -> None:
    names = [output["name"] for output in network.describe()["outputs"]]
    with _quiet():
        torch.onnx.export(
            program,
            f=path,
            input_names=["images"],
            output_names=names,
            dynamo=True,
            external_data=False,
            verbose=False,
            # For a minute it would look for operators that can be one, as ONNX Runtime does in a second.
            optimize=False,
        )
        _tidy(path)
    _name_batch(path)


def _tidy(path: Path) -> None:
    """Replace what is constant, and what ONNX Runtime does not know."""
    import onnx
    from onnxscript import optimizer

    model = onnx.load(path)
    optimizer.fold_constants(model)
    optimizer.remove_unused_nodes(model)
    newest = max(one.version for one in model.opset_import if not one.domain)
    for node in _nodes(model.graph):
        del node.metadata_props[:]  # what line of ours a node comes from, which is most of the file
        for attribute in node.attribute:
            # Torch's exporter leaves the older name in loops.
            if node.op_type == "GridSample" and attribute.s == b"bilinear" and newest >= GRID_SAMPLE_LINEAR:
                attribute.s = b"linear"
    pack_doubles(model)
    onnx.save(model, path)


def _nodes(graph: Any) -> Iterator[Any]:
    """The nodes of a graph, and of those within it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _name_batch(path: Path) -> None:
    """Call the number of images ``batch``, for which torch's exporter has names such as ``s34``."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    symbol = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = re.sub(rf"\b{re.escape(symbol)}\b", "batch", dim.dim_param)
    onnx.save(model, path)


def _open_onnx(path: Path) -> Callable[[Tensor], Tensors]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(images: Tensor) -> Tensors:
        outputs = session.run(names, {"images": images.numpy()})
        return {name: torch.from_numpy(output) for name, output in zip(names, outputs, strict=True)}

    return run


def _write_program(model: VectorAutoencoder, network: SceneNetwork, path: Path) -> None:
    with _quiet():
        torch.export.save(_program(model, network), path)


def _open_program(path: Path) -> Callable[[Tensor], Tensors]:
    importlib.import_module("vectorae.rasterizer.cpu.custom_operator")
    program = torch.export.load(path).module()

    def run(images: Tensor) -> Tensors:
        with torch.no_grad():
            outputs: Tensors = program(images)
        return outputs

    return run


def _write_weights(model: VectorAutoencoder, network: SceneNetwork, path: Path) -> None:
    from safetensors.torch import save_file

    described, state = model.description(), {name: one.contiguous() for name, one in model.state_dict().items()}
    whole = checksum({"vectorae": described, "state_dict": state})
    save_file(state, path, {"vectorae": json.dumps(described), "checksum": whole})


def _open_weights(path: Path) -> Callable[[Tensor], Tensors]:
    return SceneNetwork(load(path)).eval()


FORMATS = {
    "onnx": Format("model.onnx", ("onnx", "onnxscript", "onnxruntime"), _write_onnx, _open_onnx),
    "torch_export": Format("model.pt2", (), _write_program, _open_program, stands_alone=False),
    "safetensors": Format("model.safetensors", ("safetensors",), _write_weights, _open_weights, whole=True),
}

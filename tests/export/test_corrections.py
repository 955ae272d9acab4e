"""Corrections and hypotheses leave with the export, where drawings can be made by ordinary operators."""

import json
import math
import sys
from pathlib import Path
from unittest.mock import patch

import onnx
import pytest
import torch
from helpers.exports import FEW, correcting, saved

import vectorae
from vectorae import UserError
from vectorae.commands import export as command
from vectorae.export import Limits, export
from vectorae.export.corrected import CorrectedNetwork, why_not
from vectorae.export.export import OPERATOR, probes
from vectorae.export.formats import FORMATS
from vectorae.export.network import SceneNetwork


@pytest.fixture(params=["onnx", "torch_export"])
def corrected(request: pytest.FixtureRequest, both_exports: Path) -> tuple[str, Path]:
    """A format, and the folder with its export and the checkpoint beside."""
    return request.param, both_exports / request.param


def test_the_outputs_are_those_of_the_models_answer(corrected: tuple[str, Path]) -> None:
    name, folder = corrected
    model = vectorae.load(folder.parent / "model.ckpt")
    network, run = SceneNetwork(model), FORMATS[name].open(folder / FORMATS[name].file)
    for images in (probes(3, 16)[2], probes(3, 16)[2][:1]):
        found = run(images)
        with torch.no_grad():
            answer = model.answer(images)
            for key, expected in network.outputs(answer).items():
                torch.testing.assert_close(found[key], expected, atol=1e-3, rtol=0)
            drawn = model.decoder.draw(network.scene(found), 16, 16, model.state, crisp=True)
            assert (drawn - model.render(answer, crisp=True)).abs().max() < 1 / 255
            # And they are not those of the encoder alone.
            alone = network(images)
        assert (alone["color"] - found["color"]).abs().max() > 0.01


def test_the_description_says_what_is_in_the_file(corrected: tuple[str, Path]) -> None:
    _, folder = corrected
    described = json.loads((folder / "scene.json").read_text())
    assert described["network"] == "encoder and layout, 3 learned corrections of each of 2 hypotheses"
    assert described["left_out"] is None


def test_files_hold_no_path_of_the_machine(corrected: tuple[str, Path]) -> None:
    name, folder = corrected
    content = (folder / FORMATS[name].file).read_bytes()
    assert str(Path(vectorae.__file__).parent).encode() not in content
    assert len(content) < {"onnx": 2**21, "torch_export": 2**22}[name]


@pytest.mark.parametrize("corrected", ["onnx"], indirect=True)
def test_corrections_are_a_loop_for_any_number_of_images(corrected: tuple[str, Path]) -> None:
    graph = onnx.load(corrected[1] / "model.onnx").graph
    assert [node.op_type for node in graph.node].count("Loop") == 1
    for one in (*graph.input, *graph.output):
        assert one.type.tensor_type.shape.dim[0].dim_param == "batch"


@pytest.mark.parametrize("corrected", ["onnx"], indirect=True)
def test_between_images_and_outputs_all_is_computed_in_float64(corrected: tuple[str, Path]) -> None:
    """Or programs that round in another way would draw something else; weights are kept as they were."""
    graph = onnx.load(corrected[1] / "model.onnx").graph
    (loop,) = (node for node in graph.node if node.op_type == "Loop")
    (body,) = (attribute.g for attribute in loop.attribute if attribute.name == "body")
    carried = {one.type.tensor_type.elem_type for one in body.output}
    assert carried == {onnx.TensorProto.BOOL, onnx.TensorProto.INT64, onnx.TensorProto.DOUBLE}
    stored = {one.data_type: 0 for one in graph.initializer}
    for one in graph.initializer:
        stored[one.data_type] += math.prod(one.dims)
    assert stored[onnx.TensorProto.FLOAT] > 10 * stored[onnx.TensorProto.DOUBLE]


def test_without_corrections_the_best_hypothesis_leaves() -> None:
    model = correcting(*FEW[:3], "model.answer_steps=0")
    images = probes(3, 16)[2]
    with torch.no_grad():
        answer = CorrectedNetwork(model, stands_alone=True).eval().answer(images)
        assert not torch.equal(answer, model.encoder(images))
        torch.testing.assert_close(answer, model.answer(images), atol=1e-5, rtol=0)


def test_other_drawings_leave_by_an_operator_of_ours(tmp_path: Path) -> None:
    """Curves, transparent and soft, as half of the training is done."""
    model = correcting(*FEW[:2], "primitives.kinds=[cubic]", "dataset=folder", "dataset.background=none")
    model.run.progress = 0.2
    done = export(model, "torch_export", tmp_path / "out")
    assert done.difference < 1e-3 and done.left_out is None
    assert done.content == f"encoder and layout, 1 learned corrections; import {OPERATOR} before it is opened"


def test_why_drawings_need_the_rasterizer() -> None:
    assert why_not(correcting()) is None
    assert why_not(correcting("primitives=triangles_free", "primitives.ordering=depth")) is None
    assert why_not(correcting("primitives.paint=stroke")) == "a circle as it is painted here needs the rasterizer"
    assert why_not(correcting("primitives=cubics_free")) == "a cubic as it is painted here needs the rasterizer"
    early = correcting()
    early.run.progress = 0.2
    assert why_not(early) == "soft drawings, as of a training that is not at its end, need the rasterizer"


def test_what_onnx_goes_without_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    best = saved(correcting("primitives.paint=stroke"), tmp_path / "model.ckpt")
    reason = "a circle as it is painted here needs the rasterizer"

    def run(*more: str) -> int:
        with patch.object(sys, "argv", ["export.py", f"checkpoint={best}", f"output={tmp_path / 'out'}", *more]):
            return command.main()

    assert run("answer_steps=2") == 2
    said = capsys.readouterr().err
    assert f"answer_steps: {reason}, and onnx goes without; write format=torch_export" in said
    assert run() == 0
    said = capsys.readouterr().out
    assert f"left out: other hypotheses, corrections and regrowths ({reason}; format=torch_export has them)" in said
    left = json.loads((tmp_path / "out" / "scene.json").read_text())["left_out"]
    assert left["psnr_export_crisp"] == left["psnr_encoder_crisp"] != left["psnr_crisp"]


def test_the_whole_model_is_not_limited(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^answer_steps: safetensors keeps the whole model"):
        export(correcting(), "safetensors", tmp_path / "out", limits=Limits(answer_steps=1))
    with pytest.raises(UserError, match=r"^hypotheses: 3, and this model has 1"):
        export(correcting(), "onnx", tmp_path / "out", limits=Limits(hypotheses=3))


def test_in_python_the_network_is_the_model() -> None:
    model = correcting(*FEW)
    images = probes(3, 16)[2]
    with torch.no_grad():
        for stands_alone in (True, False):
            network = CorrectedNetwork(model, stands_alone).eval()
            torch.testing.assert_close(network.answer(images), model.answer(images), atol=1e-3, rtol=0)


def test_in_python_the_network_corrects_as_many_shapes_as_are_asked_for() -> None:
    model = correcting(*FEW[:2], "model.any_count=true", "model.answer_steps=3")
    images = probes(3, 16)[2]
    with torch.no_grad(), model.limited_to(1):
        network = CorrectedNetwork(model, stands_alone=True).eval()
        torch.testing.assert_close(network.answer(images), model.answer(images), atol=1e-3, rtol=0)
        assert not torch.equal(network.answer(images), model.encoder(images, visible=1))

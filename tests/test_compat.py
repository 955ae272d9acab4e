"""Private interfaces of other packages are as we use them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Timer, WeightAveraging
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import scalar

from vectorae import compat


def test_flags_of_hydra() -> None:
    read = compat.hydra_parser().parse_args(["-m", "--cfg", "job", "a=1"])
    assert (read.multirun, read.cfg, read.overrides) == (True, "job", ["a=1"])


def test_the_duration_of_a_timer() -> None:
    assert compat.timer_duration(Timer("00:00:15:00")) == 900
    assert compat.timer_duration(Timer(timedelta(seconds=2))) == 2
    assert compat.timer_duration(Timer(None)) is None


def test_the_averaged_model_is_another_one() -> None:
    class Model(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(1, 1)

    model, callback = Model(), WeightAveraging()
    callback.setup(None, model, "fit")  # type: ignore[arg-type]
    averaged = compat.averaged_model(callback)
    assert averaged is not model and isinstance(averaged, Model)
    assert torch.equal(averaged.linear.weight, model.linear.weight)


def test_summaries_are_written(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        compat.write_summaries(writer, [scalar("one", 1.0), scalar("two", 2.0)])
    events = EventAccumulator(str(tmp_path)).Reload()
    assert events.Tags()["scalars"] == ["one", "two"]


def test_numba_says_what_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    heard: list[str] = []
    compat.listen_to_compilation(lambda module: heard.append(f"+{module}"), lambda module: heard.append(f"-{module}"))
    compiler: Any = numba.njit(**compat.NO_REFERENCE_COUNTS)
    function = compiler(lambda x: x + 1)
    assert function(1) == function(2) - 1 == 2
    assert heard == [f"+{__name__}", f"-{__name__}"]


def test_helpers_without_machine_code_become_part_of_what_calls_them() -> None:
    import numba
    import numpy as np

    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **compat.kernel_pipeline(machine_code=False)}
    assert options["pipeline_class"]
    within: Any = numba.njit(**options)
    twice = within(lambda x: 2 * x)
    fill = within(lambda array: array.fill(twice(3)))
    kernel: Any = numba.njit(lambda array: fill(array))
    array = np.zeros(3)
    kernel(array)
    assert array.tolist() == [6, 6, 6]
    (made,) = fill.overloads.values()
    assert made.library.get_pointer_to_function(made.fndesc.llvm_func_name) == 0


def test_stack_traces_are_left_out_within_it_alone() -> None:
    from torch.fx import config

    before = getattr(config, "do_not_emit_stack_traces", None)
    with compat.without_stack_traces():
        assert getattr(config, "do_not_emit_stack_traces", None) in (True, None)
    assert getattr(config, "do_not_emit_stack_traces", None) is before

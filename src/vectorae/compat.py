"""Uses of other packages beyond their public interfaces, each with what breaks when it changes."""

from __future__ import annotations

import ctypes
import functools
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from pytorch_lightning.callbacks import Timer, WeightAveraging
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter

NO_REFERENCE_COUNTS: dict[str, Any] = {"_nrt": False}
"""Options of ``numba.njit`` for functions that allocate no arrays. Where numba no longer knows ``_nrt``, it refuses to
compile; without the option kernels compute the same, more slowly."""


def hydra_parser() -> ArgumentParser:
    """Hydra's parser of flags such as ``-m`` and ``--cfg job``.

    Private: ``hydra._internal``. If it moves, every command ends in an ImportError.
    """
    from hydra._internal.utils import get_args_parser

    return get_args_parser()


def unstarted_folder(error: BaseException) -> Path | None:
    """The folder of a run whose config Hydra could not write, from the error that it raised.

    Private: a local variable of ``hydra.core.utils.run_job``. If it is renamed, this is None, and where the disk is
    full an empty file stays in the folder.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "run_job" and isinstance(found := frame.f_locals.get("output_dir"), str):
            return Path(found).absolute()
    return None


def timer_duration(timer: Timer) -> float | None:
    """Seconds that Lightning's timer allows a run; None without a limit.

    Private: ``Timer._duration``. If it is renamed, runs with ``trainer.max_time`` end in an AttributeError at their
    first step.
    """
    return timer._duration


def averaged_model(callback: WeightAveraging) -> nn.Module:
    """The model that holds the averaged weights, between ``setup`` and the end of a fit.

    Private: ``WeightAveraging._average_model``. If it is renamed, runs with ``model.ema`` end in an AttributeError at
    their first validation.
    """
    assert callback._average_model is not None
    return callback._average_model.module


def write_summaries(writer: SummaryWriter, summaries: Iterable[Any], step: int | None = None) -> None:
    """Write protocol buffers, as ``torch.utils.tensorboard.summary`` makes them, into a run's event file.

    Private: ``SummaryWriter._get_file_writer``. If it is renamed, trainings end in an AttributeError before their first
    step; ``add_hparams`` is public, but starts a run of its own.
    """
    file = writer._get_file_writer()
    for summary in summaries:
        file.add_summary(summary, step)


@contextmanager
def without_stack_traces() -> Iterator[None]:
    """Within it graphs are traced without a note of the lines that their operators come from.

    Private: ``torch.fx.config.do_not_emit_stack_traces``, which only newer versions of torch have. Without it exports
    take longer.
    """
    from torch.fx import config

    before = getattr(config, "do_not_emit_stack_traces", None)
    if before is None:
        yield
        return
    config.do_not_emit_stack_traces = True
    try:
        yield
    finally:
        config.do_not_emit_stack_traces = before


def listen_to_compilation(before: Callable[[str], None], after: Callable[[str], None]) -> None:
    """Call functions before and after numba compiles something, with the name of its module.

    What numba loads from its cache is not compiled. Private: ``numba.core.event``, and the ``dispatcher`` among the
    data of its event. If the module moves, the CPU kernels cannot be imported; if the event is renamed, there is no
    message while the first drawing takes ten to thirty seconds.
    """
    from numba.core import event

    def module_of(compilation: Any) -> str:
        return str(compilation.data["dispatcher"].py_func.__module__)

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            before(module_of(event))

        def on_end(self, event: Any) -> None:
            after(module_of(event))

    event.register("numba:compile", Listener())


def kernel_pipeline(machine_code: bool) -> dict[str, Any]:
    """Options of ``numba.njit`` for kernels: loops take the widest vectors that the processor has.

    By default LLVM takes vectors half as wide on Intel's processors, as the first of these with AVX-512 lowered their
    clock at full width. On an Emerald Rapids soft boxes take a fifth longer with them.

    Private: ``numba.core``, as its guide to custom pipelines uses it, how a library of code is finished, and that the
    attributes of a function of llvmlite are a set. If a name is gone, kernels are compiled as all other functions are:
    they are slower, and that takes longer.

    Args:
        machine_code: False for functions that only other compiled functions call. They are optimised, so that they can
            be inlined, but not made machine code, and numba does not look for operations on whole arrays in them.
    """
    try:
        from numba.core import codegen, compiler, typed_passes

        base, unused = codegen.JITCodeLibrary, typed_passes.NopythonRewrites
    except (ImportError, AttributeError):
        return {}

    class Library(base):  # type: ignore[misc, valid-type]
        """Code that prefers wide vectors."""

        def add_ir_module(self, module: Any) -> None:
            for function in module.functions:
                if not function.is_declaration:
                    # Its own method refuses attributes that llvmlite does not know.
                    set.add(function.attributes, '"prefer-vector-width"="512"')
            super().add_ir_module(module)

    class WithoutAddresses(Library):
        """Optimised code, of which no machine code is made."""

        @property
        def codegen(self) -> Any:
            return self

        def set_env(self, name: str, environment: Any) -> None:
            """Machine code would find its environment by the name."""

        def get_pointer_to_function(self, name: str) -> int:
            self._ensure_finalized()
            return 0

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()
            self._finalized = True

    class Compiler(compiler.CompilerBase):
        def define_pipelines(self) -> list[Any]:
            state = self.state
            kind = Library if machine_code else WithoutAddresses
            state.library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
            if machine_code:
                state.library.enable_object_caching()
            pipeline = compiler.DefaultPassBuilder.define_nopython_pipeline(state)
            if not machine_code:
                pipeline.passes = [one for one in pipeline.passes if one[0] is not unused]
            pipeline.finalize()
            return [pipeline]

    return {"pipeline_class": Compiler}


@functools.lru_cache(maxsize=1)
def openmp_team() -> Callable[[Callable[[], None], int], None] | None:
    """A function that runs work in several of torch's own threads at once; None unless these are GNU OpenMP's.

    Private: ``GOMP_parallel(function, data, threads, flags)``, which is what compilers emit for ``omp parallel``. It
    has been the same since 2013; if torch links another OpenMP, there is no such symbol, and kernels take threads of
    their own.
    """
    try:
        parallel = ctypes.CDLL(None).GOMP_parallel
    except (AttributeError, OSError, TypeError):  # another OpenMP, or another operating system
        return None
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    parallel.argtypes = [function, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    parallel.restype = None

    def run(work: Callable[[], None], threads: int) -> None:
        parallel(function(lambda _: work()), None, threads, 0)

    return run

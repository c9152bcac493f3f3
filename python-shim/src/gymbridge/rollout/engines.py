"""What computes a policy's graph: NumPy for networks that are small and plain, ONNX Runtime for all others."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from gymbridge.errors import failed_precondition, invalid_argument
from gymbridge.rollout.numpy_engine import NumpyEngine, Unsupported
from gymbridge.rollout.onnx import Array, Graph

INPUT = "observations"
# Bytes of weights up to which a call's fixed cost matters more than the arithmetic.
_SMALL = 1 << 20


class Engine(ABC):
    """A graph, ready for batches of one size. `name` is for people; `constant`: outputs known not to change."""

    name: str
    constant: frozenset[str] = frozenset()

    @abstractmethod
    def __call__(self, observations: Array) -> Sequence[Array]:
        """The outputs that were asked for, in that order, valid until the next call."""


class OnnxRuntimeEngine(Engine):
    """ONNX Runtime on one thread."""

    name = "onnxruntime"

    def __init__(self, session: Any, outputs: Sequence[str]) -> None:
        self._session = session
        self._outputs = list(outputs)

    def __call__(self, observations: Array) -> Sequence[Array]:  # noqa: D102
        result: Sequence[Array] = self._session.run(self._outputs, {INPUT: observations})
        return result


class _Numpy(Engine):
    name = "numpy"

    def __init__(self, engine: NumpyEngine) -> None:
        self._engine = engine
        self.constant = engine.constant

    def __call__(self, observations: Array) -> Sequence[Array]:
        return self._engine(observations)


class Model:
    """A policy's graph, as bytes and read, from which engines are made; those of ONNX Runtime share one session."""

    def __init__(self, data: bytes, graph: Graph) -> None:
        self.graph = graph
        self._data = data
        self._session: Any = None

    def engine(self, like: Array, outputs: Sequence[str]) -> Engine:
        """An engine for batches as `like`; INVALID_ARGUMENT for a model that cannot be run, or lacks an output.

        FAILED_PRECONDITION where it takes ONNX Runtime and that is not installed.
        """
        graph = self.graph
        missing = [name for name in outputs if name not in graph.outputs]
        if missing or graph.inputs != [INPUT]:
            raise invalid_argument(
                f"the model takes {graph.inputs} and gives {graph.outputs}, expected {[INPUT]} and {list(outputs)}"
            )
        if sum(array.nbytes for array in graph.constants.values()) <= _SMALL:
            try:
                with np.errstate(all="ignore"):
                    return _Numpy(NumpyEngine(graph, like, outputs))
            except Unsupported:
                pass
        return OnnxRuntimeEngine(self.session(), outputs)

    def session(self) -> Any:
        """ONNX Runtime's session; errors as `engine`."""
        if self._session is None:
            self._session = _session(self._data)
        return self._session


def _session(model: bytes) -> Any:
    try:
        # It would tell its makers what it is used for.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise failed_precondition(
            "the policy's network is more than NumPy computes here, and the package onnxruntime is missing: "
            "python -m pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise invalid_argument(f"not a model that can be run: {error}") from error

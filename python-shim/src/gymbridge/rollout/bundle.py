"""Policy bundles as clients put them, none of which is trusted: docs/rollouts.md describes the format.

Names and sizes of the zip's entries are checked before anything is unpacked, the digest before the graph is read, the
graph by `onnx`, the spaces against the session's, and at last the policy has to answer the golden observations with the
golden actions.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.errors import RequestError, invalid_argument
from gymbridge.rollout import onnx
from gymbridge.rollout.engines import Model
from gymbridge.rollout.onnx import Array

_FORMAT = 1
_MANIFEST, _ONNX, _NETWORK = "manifest.json", "policy.onnx", "network.zip"
# The network, for further training, is nothing to a rollout: it is never unpacked.
_LIMITS = {_MANIFEST: 16 << 20, _ONNX: 256 << 20, _NETWORK: 512 << 20}
# How many times its own size a bundle may unfold to, where that is more than a small one.
_RATIO, _SMALL = 100, 64 << 20
# Largest difference from the golden actions, relative where these exceed 1.
_PARITY = 1e-5
_LEAST_GOLDEN = 8
_ACTIONS = "actions"


@dataclass(frozen=True)
class Bundle:
    """A policy that fits a session's spaces. `stochastic`: it gives a distribution."""

    model: Model
    stochastic: bool


def open_bundle(data: bytes) -> tuple[dict[str, Any], bytes]:
    """A bundle's manifest and model, with their format and digest checked; INVALID_ARGUMENT where they are wrong."""
    manifest, model = _entries(data)
    with manifest_errors():
        document = json.loads(manifest)
        if document["format"] != _FORMAT:
            raise _refused(f"it is of format {document['format']}, this version reads {_FORMAT}")
        digest = hashlib.sha256(model).hexdigest()
        if document["sha256"][_ONNX] != digest:
            raise _refused(f"{_ONNX} has sha256 {digest}, the manifest says {document['sha256'][_ONNX]}")
        return document, model


@contextmanager
def manifest_errors() -> Iterator[None]:
    """Whatever goes wrong in here is the manifest's fault."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError, AssertionError) as error:
        raise _refused(f"{_MANIFEST} is not as it should be: {type(error).__name__}: {error}") from error


def read_bundle(data: bytes, observation_space: Any, action_space: Any) -> Bundle:
    """A bundle's policy for rollouts; INVALID_ARGUMENT, naming the check, where one fails."""
    document, model = open_bundle(data)
    if "signature" in document:
        raise _refused("its graph has a signature of its own; rollouts take graphs with the usual names only")
    with manifest_errors():
        _check_space(document["observation_space"], observation_space, "observations")
        _check_space(document["action_space"], action_space, "actions")
        observations = _array(document["golden"]["observations"], observation_space.dtype)
        actions = _array(document["golden"]["actions"], action_space.dtype)
        bundle = Bundle(Model(model, onnx.parse(model)), document["stochastic"] is True)
    _check_batch(observations, observation_space, "observations")
    _check_batch(actions, action_space, "actions")
    check_golden(len(observations), actions, lambda: _actions(bundle.model, observations))
    return bundle


def _entries(data: bytes) -> tuple[bytes, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            infos = file.infolist()
            names = [info.filename for info in infos]
            for info in infos:
                if info.filename not in _LIMITS or names.count(info.filename) > 1:
                    raise _refused(f"unexpected entry {info.filename[:100]!r}")
                if info.file_size > _LIMITS[info.filename]:
                    limit = _LIMITS[info.filename]
                    raise _refused(f"{info.filename} says it has {info.file_size} bytes, at most {limit} are allowed")
            total = sum(info.file_size for info in infos)
            if total > max(_SMALL, _RATIO * len(data)):
                raise _refused(f"its {len(data)} bytes say they unfold to {total}")
            if _MANIFEST not in names or _ONNX not in names:
                raise _refused(f"it lacks {_ONNX if _MANIFEST in names else _MANIFEST}")
            return _unpack(file, _MANIFEST), _unpack(file, _ONNX)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise _refused(f"it is cut short, or no zip file ({error})") from error


def _unpack(file: zipfile.ZipFile, name: str) -> bytes:
    """An entry's content; never more than it declared, whatever its compressed data unfolds to."""
    size = file.getinfo(name).file_size
    with file.open(name) as entry:
        content = entry.read(size)
        if len(content) != size or entry.read(1):
            raise _refused(f"{name} is not of the size that it declares")
    return content


def _array(document: Any, dtype: np.dtype[Any]) -> Array:
    """An array that must say it is of this type: another one might take any amount of memory for each number."""
    if document["dtype"] != dtype.name:
        raise _refused(f"an array is of {str(document['dtype'])[:100]}, expected {dtype.name}")
    data = [float(value) if isinstance(value, str) else value for value in document["data"]]
    return np.array(data, dtype).reshape([int(size) for size in document["shape"]])


def _check_space(document: Any, space: Any, what: str) -> None:
    if document["type"] != type(space).__name__:
        raise _refused(f"its {what} are of a {document['type']}, the session's of {space}")
    if isinstance(space, spaces.Discrete):
        found: Any = (int(document["n"]), int(document["start"]))
        expected: Any = (int(space.n), int(space.start))
    elif isinstance(space, spaces.MultiDiscrete):
        found = (
            _array(document["nvec"], space.nvec.dtype).tolist(),
            _array(document["start"], space.start.dtype).tolist(),
        )
        expected = (space.nvec.tolist(), space.start.tolist())
    else:
        return
    if found != expected:
        raise _refused(f"its {what} are of {document['type']}{found}, the session's of {space}")


def _check_batch(array: Array, space: Any, what: str) -> None:
    if array.ndim == 0 or array.shape[1:] != tuple(space.shape) or array.dtype != space.dtype:
        raise _refused(f"its {what} are {array.dtype} of shape {array.shape[1:]}, the session's of {space}")


def _actions(model: Model, observations: Array) -> Array:
    (actions,) = model.engine(observations, [_ACTIONS])(observations)
    return actions


def check_golden(count: int, expected: Array, act: Callable[[], Array]) -> None:
    """Compares what a policy does for its golden observations, so many of them, with what it did."""
    if count < _LEAST_GOLDEN:
        raise _refused(f"it has {count} golden observations, expected {_LEAST_GOLDEN} at least")
    try:
        got = act()
    except RequestError:
        raise
    except Exception as error:
        raise _refused(f"its network failed on the golden observations: {error}") from error
    if got.shape != expected.shape or got.dtype != expected.dtype:
        raise _refused(f"it gives {got.dtype} of shape {got.shape} for actions, expected {expected.shape}")
    a, b = got.astype(np.float64), expected.astype(np.float64)
    close = np.abs(a - b) <= _PARITY * np.maximum(1.0, np.abs(b))
    if not close.all():
        row = int(np.argwhere(~close)[0][0])
        raise _refused(
            "the policy does not act as it did when it was written: "
            f"golden observation {row}: got {got[row]}, expected {expected[row]}"
        )


def _refused(why: str) -> RequestError:
    return invalid_argument(f"the policy bundle is refused: {why}")

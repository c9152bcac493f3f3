"""Inference with a fully connected network from an .npz file; docs/npz-policies.md describes the layout."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.codec.values import Array

VERSION = 1
_OUTPUTS = ("gaussian", "squashed_gaussian", "categorical", "q_values")
_LOG_STD_RANGE = (-20.0, 2.0)


class NetworkError(Exception):
    """A file that does not hold a network as described, or one that does not fit the environment's spaces."""


class NetworkActor:
    """A network and how its outputs become actions. Raises NetworkError, saying what is wrong with the file."""

    def __init__(self, path: Path, observation_space: Any, action_space: Any, seed: int | None) -> None:
        self._arrays = arrays = _load(path)
        self._random = np.random.default_rng(seed)
        self._lock = threading.Lock()
        self.version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        self.provenance: dict[str, Any] = {"kind": "network", "file": path.name}
        if "provenance" in arrays:
            self.provenance["note"] = str(arrays["provenance"])
        if int(_require(arrays, "version")) != VERSION:
            raise NetworkError(f"version {arrays['version']} of the layout; this program reads {VERSION}")
        self._output = str(_require(arrays, "output"))
        if self._output not in _OUTPUTS:
            raise NetworkError(f"output {self._output!r}; expected one of {', '.join(_OUTPUTS)}")
        self._layers = _layers(arrays)
        self._dtype = self._layers[0][0].dtype
        self._activate = _activation(arrays)
        self._normalise = self._normaliser(self._layers[0][0].shape[0])
        self._fit(observation_space, action_space)
        has_std = "log_std" in arrays or "log_std_W" in arrays
        self.stochastic = self._output == "categorical" or ("gaussian" in self._output and has_std)

    def act(self, observations: Any, deterministic: bool) -> Array:
        """Actions (N, …): the mean or the best where `deterministic`, or where there is nothing to sample from."""
        x = self._normalise(np.asarray(observations).reshape(len(observations), -1).astype(self._dtype))
        hidden = x
        for weight, bias in self._layers[:-1]:
            hidden = self._activate(hidden @ weight + bias)
        weight, bias = self._layers[-1]
        y = hidden @ weight + bias
        sample = self.stochastic and not deterministic
        if self._output in ("categorical", "q_values"):
            if sample:
                with self._lock:
                    y = y + self._random.gumbel(size=y.shape)
            actions: Array = self._start + y.argmax(axis=1)
            return actions
        if "mean_clip" in self._arrays:
            y = np.clip(y, -self._arrays["mean_clip"], self._arrays["mean_clip"])
        if sample:
            with self._lock:
                noise = self._random.standard_normal(y.shape).astype(self._dtype)
            y = y + np.exp(self._log_std(hidden)) * noise
        if self._output == "squashed_gaussian":
            y = self._low + (np.tanh(y) + 1) / 2 * (self._high - self._low)
        result: Array = np.reshape(y, (len(y), *self._shape))
        return result

    def _log_std(self, hidden: Array) -> Array:
        if "log_std" in self._arrays:
            return self._arrays["log_std"]
        raw: Array = hidden @ self._arrays["log_std_W"] + self._arrays["log_std_b"]
        return raw.clip(*_LOG_STD_RANGE)

    def _normaliser(self, width: int) -> Callable[[Array], Array]:
        arrays, dtype = self._arrays, self._dtype
        mean = arrays.get("obs_mean", np.zeros(width)).astype(dtype)
        epsilon = float(arrays.get("obs_epsilon", 0.0))
        if "obs_var" in arrays:
            scale = np.sqrt(arrays["obs_var"] + epsilon).astype(dtype)
        else:
            scale = (arrays.get("obs_std", np.ones(width)) + epsilon).astype(dtype)
        if mean.shape != (width,) or scale.shape != (width,):
            raise NetworkError(f"obs_mean {mean.shape} or obs_std {scale.shape} is not of shape ({width},)")
        if "obs_clip" not in arrays:
            return lambda x: (x - mean) / scale
        clip = float(arrays["obs_clip"])
        return lambda x: np.clip((x - mean) / scale, -clip, clip)

    def _fit(self, observation_space: Any, action_space: Any) -> None:
        width = self._layers[0][0].shape[0]
        if not isinstance(observation_space, spaces.Box) or int(np.prod(observation_space.shape)) != width:
            raise NetworkError(f"the network takes {width} numbers, which does not fit {observation_space}")
        outputs = self._layers[-1][0].shape[1]
        self._shape = action_space.shape
        if self._output in ("categorical", "q_values"):
            if not isinstance(action_space, spaces.Discrete) or int(action_space.n) != outputs:
                raise NetworkError(
                    f"the network has {outputs} {self._output} outputs, which does not fit {action_space}"
                )
            self._start = int(action_space.start)
            return
        if not isinstance(action_space, spaces.Box) or int(np.prod(action_space.shape)) != outputs:
            raise NetworkError(f"the network has {outputs} {self._output} outputs, which does not fit {action_space}")
        if self._output == "squashed_gaussian":
            self._low = np.asarray(self._arrays.get("action_low", action_space.low.ravel()), self._dtype)
            self._high = np.asarray(self._arrays.get("action_high", action_space.high.ravel()), self._dtype)
            if not (np.isfinite(self._low).all() and np.isfinite(self._high).all()):
                raise NetworkError("squashed_gaussian needs finite bounds: give action_low and action_high")


def _load(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise NetworkError(f"{path} cannot be read: {error}") from error
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise NetworkError(f"{path}: {name} is not finite")
    return arrays


def _require(arrays: dict[str, Array], name: str) -> Array:
    if name not in arrays:
        hint = "; benchmarks/convert_policy.py converts two other layouts" if name == "version" else ""
        raise NetworkError(f"the file has no {name!r}{hint}; it has {', '.join(sorted(arrays))}")
    return arrays[name]


def _layers(arrays: dict[str, Array]) -> list[tuple[Array, Array]]:
    layers: list[tuple[Array, Array]] = []
    while f"W{len(layers)}" in arrays:
        number = len(layers)
        weight, bias = arrays[f"W{number}"], _require(arrays, f"b{number}")
        if weight.ndim != 2 or bias.shape != (weight.shape[1],):
            raise NetworkError(f"W{number} {weight.shape} and b{number} {bias.shape} do not fit each other")
        if layers and layers[-1][0].shape[1] != weight.shape[0]:
            raise NetworkError(
                f"W{number} takes {weight.shape[0]} numbers, W{number - 1} gives {layers[-1][0].shape[1]}"
            )
        if weight.dtype not in (np.float32, np.float64):
            raise NetworkError(f"W{number} is of type {weight.dtype}; expected float32 or float64")
        layers.append((weight, bias.astype(weight.dtype)))
    if not layers:
        _require(arrays, "W0")
    return layers


def _activation(arrays: dict[str, Array]) -> Callable[[Array], Array]:
    name = str(_require(arrays, "activation"))
    if name == "tanh":
        return np.tanh
    if name == "relu":
        return lambda x: np.maximum(x, 0)
    if name == "leaky_relu":
        slope = float(arrays.get("slope", 0.01))
        return lambda x: np.where(x > 0, x, x * x.dtype.type(slope))
    raise NetworkError(f"activation {name!r}; expected tanh, relu or leaky_relu")

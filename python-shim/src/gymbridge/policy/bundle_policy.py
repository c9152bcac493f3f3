"""A policy bundle that acts in this process."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from gymnasium import spaces

from gymbridge.errors import RequestError, invalid_argument
from gymbridge.rollout import manifest, onnx
from gymbridge.rollout.bundle import check_golden, manifest_errors, open_bundle
from gymbridge.rollout.engines import INPUT, Model
from gymbridge.rollout.onnx import Array

# Engines of NumPy are made for one size of batch; so many are kept.
_KEPT = 16
_HIDDEN = -np.inf


class BundlePolicy:
    """A bundle's policy, with `RemotePolicy`'s `predict`. Not thread-safe.

    Args:
        file: the bundle, which is checked as a server would, down to its golden actions.
        seed: of the samples; None for one by chance. They are not those that a server draws.

    Raises: FileNotFoundError; ValueError, saying why, for what is no usable bundle; ModuleNotFoundError where its
    network takes the package `onnxruntime` (those of the project's own learners do not).

    >>> policy = BundlePolicy("policy.zip")  # doctest: +SKIP
    >>> action, _ = policy.predict(observation)  # doctest: +SKIP
    """

    def __init__(self, file: str | os.PathLike[str], seed: int | None = None) -> None:
        data = Path(file).read_bytes()
        self._random = np.random.default_rng(seed)
        try:
            self._load(data)
        except RequestError as error:
            raise _local(error, f"{os.fspath(file)}: ") from error

    def _load(self, data: bytes) -> None:
        document, model = open_bundle(data)
        with manifest_errors():
            self.name = str(document["name"])
            self.provenance: dict[str, Any] = dict(document["provenance"])
            self.observation_space = manifest.read_space(document["observation_space"])
            self.action_space: Any = manifest.read_space(document["action_space"])
            self._leaves = manifest.leaves(self.observation_space)
            golden = document["golden"]
            observations = manifest.arrays(self.observation_space, golden["observations"], manifest.read_array)
            actions = manifest.read_array(golden["actions"])
            graph = onnx.parse(model, branches="signature" in document)
            self._signature = (
                manifest.read_signature(document["signature"])
                if "signature" in document
                else manifest.signature_by_name(self.observation_space, graph.outputs)
            )
            digest = hashlib.sha256(model).hexdigest()
            if "signature" in document:
                written = json.dumps(document["signature"], separators=(",", ":"), ensure_ascii=False)
                digest = hashlib.sha256((digest + written).encode()).hexdigest()
            self.version = digest[:12]
        roles = self._signature.outputs
        self.stochastic = "logits" in roles or ("mean" in roles and "log_std" in roles)
        self._model = Model(model, graph)
        self._plain = "signature" not in document and graph.inputs == [INPUT]
        self._engines: dict[tuple[int, tuple[str, ...]], Any] = {}
        self._single = False
        if not self._plain:
            self._read_inputs()
        check_golden(len(observations[0]), actions, lambda: self._golden(observations))

    def _read_inputs(self) -> None:
        inputs = {node.name: node for node in self._model.session().get_inputs()}
        signature = self._signature
        named = [*signature.inputs.values(), *(state.input for state in signature.states)]
        named += [signature.episode_starts] if signature.episode_starts else []
        if set(inputs) != set(named) or len(named) != len(inputs):
            raise invalid_argument(f"the graph takes {sorted(inputs)}, the bundle says {sorted(named)}")
        self._inputs = inputs
        axes = {state.input: state.batch_axis for state in signature.states}
        self._single = any(node.shape[axes.get(name, 0)] == 1 for name, node in inputs.items())

    def predict(
        self,
        observation: Any,
        state: dict[str, Array] | None = None,
        episode_start: Any = None,
        deterministic: bool = True,
        action_masks: Any = None,
    ) -> tuple[Any, dict[str, Array] | None]:
        """The action for one observation, or (N, …) actions for a batch (N, …) of them; and the recurrent state.

        `state` is what the call before returned, None where the episodes begin; `episode_start` (N) is true for those
        of them that begin now. A policy that is not recurrent has no state: None. `action_masks` is (N, all choices),
        true for what is allowed. ValueError for what does not fit.
        """
        batch, batched = self._batch(observation)
        n = len(batch[0])
        mask = None if action_masks is None else self._mask(np.asarray(action_masks), n)
        try:
            actions, states = self._act(batch, self._states(state, episode_start, n), deterministic, mask)
        except RequestError as error:
            raise _local(error) from error
        if isinstance(self.action_space, spaces.Box):
            actions = np.clip(actions, self.action_space.low, self.action_space.high)
        return actions if batched else actions[0], states

    def _batch(self, observation: Any) -> tuple[list[Array], bool]:
        parts = manifest.arrays(self.observation_space, observation)
        batched = parts[0].ndim == len(self._leaves[0][1].shape) + 1
        arrays = []
        for part, (path, space) in zip(parts, self._leaves, strict=True):
            array = part if batched else part[None]
            if array.shape[1:] != space.shape or len(array) != len(parts[0] if batched else array):
                expected = f"{space.shape} or (N, {', '.join(map(str, space.shape))})"
                raise ValueError(f"observation {path!r} has shape {part.shape}; expected {expected}")
            if not np.can_cast(array.dtype, space.dtype, "same_kind") and array.dtype.kind not in "iu":
                raise ValueError(f"observation {path!r} has type {array.dtype}; expected {space.dtype}")
            arrays.append(array.astype(space.dtype, copy=False))
        if len(arrays[0]) == 0:
            raise ValueError("an empty batch of observations")
        return arrays, batched

    def _mask(self, mask: Array, n: int) -> Array:
        if not {"logits", "q_values"} & set(self._signature.outputs):
            raise ValueError("this policy takes no action masks: its graph gives no logits")
        counts = self._counts()
        mask = (mask[None] if mask.ndim == 1 else mask) != 0
        if mask.shape != (n, sum(counts)):
            raise ValueError(f"the action masks have shape {mask.shape}; expected {(n, sum(counts))}")
        for part in np.split(mask, np.cumsum(counts)[:-1], axis=1):
            if not part.any(axis=1).all():
                raise ValueError(f"the action mask of row {int(np.argmin(part.any(axis=1)))} allows no choice")
        return mask

    def _counts(self) -> list[int]:
        space = self.action_space
        return [int(space.n)] if isinstance(space, spaces.Discrete) else [int(n) for n in space.nvec.ravel()]

    def _states(self, state: dict[str, Array] | None, episode_start: Any, n: int) -> dict[str, Array] | None:
        """Each (N, …)."""
        if not self._signature.states:
            if state is not None:
                raise ValueError("this policy has no recurrent state")
            return None
        begins = np.zeros(n, bool) if episode_start is None else np.broadcast_to(np.asarray(episode_start, bool), n)
        states = {}
        for part in self._signature.states:
            shape = list(self._inputs[part.input].shape)
            del shape[part.batch_axis]
            array = np.zeros((n, *shape), np.float32) if state is None else np.array(state[part.input], np.float32)
            if array.shape != (n, *shape):
                raise ValueError(f"the state {part.input!r} has shape {array.shape}; expected {(n, *shape)}")
            array[begins] = 0
            states[part.input] = array
        return states

    def _golden(self, observations: list[Array]) -> Array:
        if not self._signature.states:
            return self._act(observations, None, True, None)[0]
        states = self._states(None, None, 1)
        rows = []
        for row in range(len(observations[0])):
            actions, states = self._act([array[row : row + 1] for array in observations], states, True, None)
            rows.append(actions)
        return np.concatenate(rows)

    def _act(
        self, batch: list[Array], states: dict[str, Array] | None, deterministic: bool, mask: Array | None
    ) -> tuple[Array, dict[str, Array] | None]:
        """Actions, not clipped, and the states after them."""
        roles = self._signature.outputs
        drawn = self.stochastic and not deterministic
        choices = next((role for role in ("logits", "q_values") if role in roles), None)
        if choices is not None and (drawn or mask is not None or "actions" not in roles):
            (logits,), states = self._run(batch, states, [choices])
            return self._choose(logits, drawn, mask), states
        if drawn:
            (mean, log_std), states = self._run(batch, states, ["mean", "log_std"])
            noise = np.exp(log_std.astype(np.float64)) * self._random.standard_normal(mean.shape)
            return self._shaped(mean.astype(np.float64) + noise), states
        (actions,), states = self._run(batch, states, ["actions" if "actions" in roles else "mean"])
        return self._shaped(actions), states

    def _shaped(self, actions: Array) -> Array:
        space = self.action_space
        actions = actions.reshape(-1, *space.shape)
        if self._signature.rescale:
            low, high = space.low.astype(np.float64), space.high.astype(np.float64)
            actions = low + (actions.astype(np.float64) + 1) * (0.5 * (high - low))
        if actions.dtype.kind == "f" and np.dtype(space.dtype).kind != "f":
            actions = np.rint(actions)
        return actions.astype(space.dtype)

    def _choose(self, logits: Array, drawn: bool, mask: Array | None) -> Array:
        scores = logits.astype(np.float64)
        if drawn:
            scores = scores + self._random.gumbel(size=scores.shape)
        if mask is not None:
            scores = np.where(mask, scores, _HIDDEN)
        parts = np.split(scores, np.cumsum(self._counts())[:-1], axis=1)
        choices = np.stack([part.argmax(axis=1) for part in parts], axis=1)
        actions: Array = choices.reshape(-1, *self.action_space.shape) + self.action_space.start
        return actions.astype(self.action_space.dtype)

    def _run(
        self, batch: list[Array], states: dict[str, Array] | None, roles: list[str]
    ) -> tuple[list[Array], dict[str, Array] | None]:
        n = len(batch[0])
        if self._plain:
            outputs = list(self._engine(batch[0], roles)(batch[0]))
        elif self._single and n > 1:
            rows = []
            for row in range(n):
                own = None if states is None else {name: array[row : row + 1] for name, array in states.items()}
                rows.append(self._run([array[row : row + 1] for array in batch], own, roles))
            outputs = [np.concatenate(parts) for parts in zip(*(found for found, _ in rows), strict=True)]
            states = states and {name: np.concatenate([own[name] for _, own in rows if own]) for name in states}
        else:
            outputs, states = self._run_once(batch, states, roles)
        found = [np.array(output).reshape(-1, self._width(role)) for role, output in zip(roles, outputs, strict=True)]
        for role, output in zip(roles, found, strict=True):
            if output.dtype.kind == "f" and np.isnan(output).any():
                raise invalid_argument(f'"{role}" is NaN: is there a NaN in the observations?')
        return found, states

    def _width(self, role: str) -> int:
        """Numbers for each row; of log_std there may be one row for all."""
        return sum(self._counts()) if role in ("logits", "q_values") else int(np.prod(self.action_space.shape))

    def _engine(self, like: Array, roles: list[str]) -> Any:
        key = (len(like), tuple(roles))
        if key not in self._engines:
            if len(self._engines) >= _KEPT:
                self._engines.clear()
            self._engines[key] = self._model.engine(like, roles)
        return self._engines[key]

    def _run_once(
        self, batch: list[Array], states: dict[str, Array] | None, roles: list[str]
    ) -> tuple[list[Array], dict[str, Array] | None]:
        signature = self._signature
        n = len(batch[0])
        feeds = {}
        for array, (path, _) in zip(batch, self._leaves, strict=True):
            node = self._inputs[signature.inputs[path]]
            feeds[node.name] = _fitted(array, node, n)
        begins = np.ones(n, bool)
        for state in signature.states:
            assert states is not None
            begins &= ~states[state.input].reshape(n, -1).any(axis=1)
            feeds[state.input] = np.ascontiguousarray(np.moveaxis(states[state.input], 0, state.batch_axis))
        if signature.episode_starts:
            node = self._inputs[signature.episode_starts]
            feeds[node.name] = _fitted(begins, node, n)
        names = [signature.outputs[role] for role in roles] + [state.output for state in signature.states]
        try:
            results = self._model.session().run(names, feeds)
        except Exception as error:
            raise invalid_argument(f"the model failed on these observations: {error}") from error
        if signature.states:
            found = zip(signature.states, results[len(roles) :], strict=True)
            states = {state.input: np.moveaxis(array, state.batch_axis, 0) for state, array in found}
        return results[: len(roles)], states

    def close(self) -> None:
        """Does nothing; there for `RemotePolicy`'s sake."""

    def __enter__(self) -> BundlePolicy:
        """The policy itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()


_TYPES = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(float16)": "f2", "tensor(bool)": "?"}


def _fitted(array: Array, node: Any, n: int) -> Array:
    """An array in an input's type and shape."""
    kind = node.type
    dtype = np.dtype(_TYPES[kind] if kind in _TYPES else kind.removeprefix("tensor(").removesuffix(")"))
    rest = node.shape[1:]
    shape = rest if all(isinstance(size, int) for size in rest) else array.shape[1:]
    return np.ascontiguousarray(array.reshape(n, *shape), dtype)


def _local(error: RequestError, prefix: str = "") -> Exception:
    missing = error.__cause__
    if isinstance(missing, ModuleNotFoundError):
        return ModuleNotFoundError(f"{prefix}{error}")
    return ValueError(f"{prefix}{error}")

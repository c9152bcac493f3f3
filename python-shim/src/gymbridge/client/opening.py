"""What both remote environments need to open a session and to tell of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from gymbridge.client.errors import RemoteError
from gymbridge.client.registration import REMOTE_ID
from gymbridge.codec.items import decode_item, decode_map, encode_item, fill_map
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb

# What gymnasium_robotics.GoalEnv offers to learners that relabel goals, for whole batches: the same in every lane.
COMPUTE_REWARD = "compute_reward"
_GOAL_KEYS = {"observation", "achieved_goal", "desired_goal"}


def open_request(kwargs: Mapping[str, Any], render_mode: str | None, **fields: Any) -> pb.OpenSessionRequest:
    """The request with these keyword arguments for the environment; ValueError for one that cannot be sent."""
    if render_mode == "human":
        raise ValueError(
            "render_mode='human' would open a window on the server; use 'rgb_array', or "
            f"gymnasium.make({REMOTE_ID!r}, render_mode='human', …), which shows the frames here"
        )
    request = pb.OpenSessionRequest(render_mode=render_mode or "", **fields)
    try:
        fill_map(request.kwargs, kwargs)
    except RequestError as error:
        raise ValueError(f"keyword arguments: {error.message}") from error
    return request


def metadata_of(spec: pb.EnvironmentSpec) -> dict[str, Any]:
    """Gymnasium's metadata; "human" is not among its render modes."""
    metadata = decode_map(spec.metadata)
    metadata["render_modes"] = [mode for mode in metadata.get("render_modes") or [] if mode != "human"]
    return metadata


def told_by_server(spec: EnvSpec, remote: pb.EnvironmentSpec) -> EnvSpec:
    """The specification, with what the server says of the environment in place of what was registered here."""
    spec = copy.copy(spec)
    spec.nondeterministic = remote.nondeterministic
    spec.reward_threshold = remote.reward_threshold if remote.HasField("reward_threshold") else None
    spec.max_episode_steps = remote.max_episode_steps or None
    return spec


def has_goals(space: spaces.Space[Any]) -> bool:
    """Whether these are a goal environment's observations: then every server lets clients call `compute_reward`."""
    return isinstance(space, spaces.Dict) and space.spaces.keys() >= _GOAL_KEYS


def reset_request(seeds: list[int | None], options: Mapping[str, Any] | None) -> pb.ResetRequest:
    """A reset with one seed or None per lane; ValueError for seeds and options that cannot be sent."""
    request = pb.ResetRequest()
    if any(seed is not None for seed in seeds):
        for seed in seeds:
            if seed is not None and not 0 <= seed < 2**63:
                raise ValueError(f"got the seed {seed}, expected 0 to 2**63 - 1")
        request.seeds = np.array([seed or 0 for seed in seeds], "<i8").tobytes()
        request.seed_mask = bytes(seed is not None for seed in seeds)
    if options is not None:
        try:
            fill_map(request.options, options)
        except RequestError as error:
            raise ValueError(f"reset options: {error.message}") from error
    return request


def call_request(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> pb.CallRequest:
    """A call of a method, or without arguments the reading of an attribute; ValueError for what cannot be sent."""
    request = pb.CallRequest(name=name)
    try:
        request.args.extend(encode_item(value) for value in args)
        if kwargs:
            fill_map(request.kwargs, kwargs)
    except RequestError as error:
        raise ValueError(f"arguments of {name}: {error.message}") from error
    return request


def set_request(name: str, values: list[Any]) -> pb.SetAttributeRequest:
    """The setting of an attribute, to one value or to one per lane; ValueError for what cannot be sent."""
    try:
        return pb.SetAttributeRequest(name=name, values=[encode_item(value) for value in values])
    except RequestError as error:
        raise ValueError(f"{name}: {error.message}") from error


def decode_frame(item: Any, render_mode: str) -> Any:
    """What `render` returned."""
    frame = decode_item(item)
    return tuple(frame) if render_mode == "rgbd_tuple" else frame


def garbled(error: RequestError) -> RemoteError:
    """The server answered with something that does not fit the spaces it told of."""
    return RemoteError(f"the server's answer does not fit: {error.message}", "INTERNAL")


def plain(space: spaces.Space[Any]) -> Callable[[Any], Any] | None:
    """What turns NumPy's integers of Discrete spaces into Python's, as most environments return them; None: nothing."""
    if isinstance(space, spaces.Discrete):
        return int
    if isinstance(space, spaces.Dict):
        named = {name: part for name, part in ((name, plain(part)) for name, part in space.spaces.items()) if part}
        if named:
            return lambda value: {name: named[name](part) if name in named else part for name, part in value.items()}
    if isinstance(space, spaces.Tuple):
        parts = [plain(part) for part in space.spaces]
        if any(parts):
            return lambda value: tuple(make(part) if make else part for make, part in zip(parts, value, strict=True))
    return None

"""What a worker does for OpenSession: checks it, makes the environments, and describes them."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

import grpc
import gymnasium as gym

from gymbridge.codec.items import decode_map, encode_item
from gymbridge.codec.spaces import encode_space
from gymbridge.env.factory import UnknownEnvironment, find_factory, make_env, prepare_rendering, rendering_problem
from gymbridge.env.lanes import Lanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised
from gymbridge.v1 import environment_pb2 as pb


def open_lanes(
    request: pb.OpenSessionRequest, config: dict[str, Any], first_lane: int
) -> tuple[Lanes, pb.EnvironmentSpec]:
    """The environments of one shard and their description; RequestError as OpenSession's comments have it."""
    kwargs = decode_map(request.kwargs)
    if request.render_mode:
        prepare_rendering()
        kwargs["render_mode"] = request.render_mode
    envs: list[gym.Env[Any, Any]] = []
    try:
        with _quiet(config["verbose"]):
            factory = find_factory(request.env_id)
            envs.append(make_env(request.env_id, factory, kwargs))
            _check(envs[0], request, config)
            envs.extend(make_env(request.env_id, factory, kwargs) for _ in range(request.num_envs - 1))
        lanes = Lanes(envs, request.autoreset_mode, request.info_mode or pb.INFO_MODE_ALL, first_lane)
        return lanes, describe(request.env_id, envs[0])
    except UnknownEnvironment as error:
        _close(envs)
        raise RequestError(grpc.StatusCode.NOT_FOUND, str(error)) from error
    except RequestError:
        _close(envs)
        raise
    except Exception as error:
        _close(envs)
        raise raised(error) from error


def _check(env: gym.Env[Any, Any], request: pb.OpenSessionRequest, config: dict[str, Any]) -> None:
    modes = env.metadata.get("render_modes") or []
    if request.render_mode and request.render_mode not in modes:
        raise invalid_argument(f"{request.env_id} has no render_mode {request.render_mode!r}; it has {list(modes)}")
    problem = rendering_problem(env) if request.render_mode else None
    if problem is not None:
        raise failed_precondition(problem)
    lanes = Lanes([env], request.autoreset_mode, pb.INFO_MODE_NONE)
    limit = config["max_message_mib"] << 20
    size = request.num_envs * max(lanes.observation_codec.bytes_per_value, lanes.action_codec.bytes_per_value)
    if size > limit:
        raise RequestError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"one step of {request.num_envs} lanes takes {size / 2**20:.0f} MiB, above the limit of "
            f"{config['max_message_mib']} MiB a message: fewer lanes, more --workers or a larger --max-message-mib",
        )


def describe(env_id: str, env: gym.Env[Any, Any]) -> pb.EnvironmentSpec:
    """What the protocol tells of an environment before its first step."""
    spec = pb.EnvironmentSpec(
        env_id=env_id,
        observation_space=encode_space(env.observation_space),
        action_space=encode_space(env.action_space),
        render_mode=env.render_mode or "",
    )
    with contextlib.suppress(Exception):
        if env.spec is not None:
            spec.max_episode_steps = env.spec.max_episode_steps or 0
            spec.nondeterministic = env.spec.nondeterministic
            if env.spec.reward_threshold is not None:
                spec.reward_threshold = env.spec.reward_threshold
    spec.metadata.SetInParent()
    for key, value in (env.metadata or {}).items():
        with contextlib.suppress(RequestError):
            spec.metadata.items[str(key)].CopyFrom(encode_item(value))
    return spec


def _close(envs: list[gym.Env[Any, Any]]) -> None:
    for env in envs:
        with contextlib.suppress(Exception):
            env.close()


@contextlib.contextmanager
def _quiet(verbose: bool) -> Iterator[None]:
    """Keeps what simulators print about themselves while they load off the user's screen."""
    if verbose:
        yield
        return
    saved, null = {number: os.dup(number) for number in (1, 2)}, os.open(os.devnull, os.O_WRONLY)
    try:
        for number in saved:
            os.dup2(null, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for number, copy in saved.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(null)

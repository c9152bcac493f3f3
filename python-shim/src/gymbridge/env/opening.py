"""What a worker does for OpenSession: checks it, makes the environments, and describes them."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

import grpc

from gymbridge.codec.items import decode_map, encode_item
from gymbridge.codec.spaces import encode_space
from gymbridge.env.attributes import COMPUTE_REWARD, is_goal_env
from gymbridge.env.copies import Copies
from gymbridge.env.factory import UnknownEnvironment, find_factory, make_env, prepare_rendering, rendering_problem
from gymbridge.env.lanes import Lanes
from gymbridge.env.vector_lanes import VectorLanes
from gymbridge.errors import RequestError, failed_precondition, invalid_argument, raised
from gymbridge.v1 import environment_pb2 as pb


def open_lanes(
    request: pb.OpenSessionRequest, config: dict[str, Any], first_lane: int
) -> tuple[Lanes, pb.OpenSessionResponse]:
    """The lanes of one shard and their description; RequestError as OpenSession's comments have it."""
    kwargs = decode_map(request.kwargs)
    if request.render_mode:
        prepare_rendering()
        kwargs["render_mode"] = request.render_mode
    envs: list[Any] = []
    try:
        with _quiet(config["verbose"]):
            factory = find_factory(request.env_id, config["vector_num_envs"])
            envs.append(make_env(request.env_id, factory, kwargs))
            _check_rendering(envs[0], request)
            if config["vector_num_envs"]:
                lanes = _vector_lanes(envs[0], request)
                _check_size(lanes, lanes.num_envs, config)
            else:
                _check_size(_copies(envs, request, first_lane), request.num_envs, config)
                envs.extend(make_env(request.env_id, factory, kwargs) for _ in range(request.num_envs - 1))
                _check_spaces([(env.observation_space, env.action_space) for env in envs], first_lane)
                lanes = _copies(envs, request, first_lane)
        return lanes, _describe(lanes, envs[0], request)
    except UnknownEnvironment as error:
        _close(envs)
        raise RequestError(grpc.StatusCode.NOT_FOUND, str(error)) from error
    except RequestError:
        _close(envs)
        raise
    except Exception as error:
        _close(envs)
        raise raised(error) from error


def _copies(envs: list[Any], request: pb.OpenSessionRequest, first_lane: int) -> Lanes:
    return Copies(envs, request.autoreset_mode, request.info_mode, first_lane)


def _vector_lanes(env: Any, request: pb.OpenSessionRequest) -> Lanes:
    # It has its infos in vector form by itself.
    info_mode = pb.INFO_MODE_NONE if request.info_mode == pb.INFO_MODE_NONE else pb.INFO_MODE_ALL
    lanes = VectorLanes(env, info_mode)
    if request.num_envs not in (0, lanes.num_envs):
        raise invalid_argument(
            f"{request.env_id} is a vector environment of {lanes.num_envs} lanes: ask for these, not {request.num_envs}"
        )
    if request.autoreset_mode not in (pb.AUTORESET_MODE_UNSPECIFIED, lanes.autoreset_mode):
        wanted, own = (pb.AutoresetMode.Name(mode) for mode in (request.autoreset_mode, lanes.autoreset_mode))
        raise invalid_argument(f"{request.env_id} is a vector environment in {own}: ask for this, not for {wanted}")
    return lanes


def _check_rendering(env: Any, request: pb.OpenSessionRequest) -> None:
    if not request.render_mode:
        return
    modes = env.metadata.get("render_modes") or []
    if request.render_mode not in modes:
        raise invalid_argument(f"{request.env_id} has no render_mode {request.render_mode!r}; it has {list(modes)}")
    problem = rendering_problem(env)
    if problem is not None:
        raise failed_precondition(problem)


def _check_spaces(spaces: list[tuple[Any, Any]], first_lane: int) -> None:
    """FAILED_PRECONDITION for environments whose observation or action spaces are not all the same."""
    for lane, pair in enumerate(spaces, first_lane):
        if pair != spaces[0]:
            got, expected = (" and ".join(map(str, each)) for each in (pair, spaces[0]))
            raise failed_precondition(
                f"the environments of a session must have the same spaces: lane {lane} has {got}, "
                f"lane {first_lane} {expected}"
            )


def _check_size(lanes: Lanes, num_envs: int, config: dict[str, Any]) -> None:
    limit = config["max_message_mib"] << 20
    size = num_envs * max(lanes.observation_codec.bytes_per_value, lanes.action_codec.bytes_per_value)
    if size > limit:
        raise RequestError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            f"one step of {num_envs} lanes takes {size / 2**20:.0f} MiB, above the limit of "
            f"{config['max_message_mib']} MiB a message: fewer lanes, more --workers or a larger --max-message-mib",
        )


def _describe(lanes: Lanes, env: Any, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
    """What a worker tells of a shard's lanes."""
    response = pb.OpenSessionResponse(num_envs=lanes.num_envs)
    response.autoreset_mode = lanes.autoreset_mode  # type: ignore[assignment]
    spec = response.spec
    spec.env_id = request.env_id
    spec.observation_space.CopyFrom(encode_space(lanes.observation_codec.space))
    spec.action_space.CopyFrom(encode_space(lanes.action_codec.space))
    spec.render_mode = request.render_mode
    with contextlib.suppress(Exception):
        if env.spec is not None:
            spec.max_episode_steps = env.spec.max_episode_steps or 0
            spec.nondeterministic = bool(env.spec.nondeterministic)
            if env.spec.reward_threshold is not None:
                spec.reward_threshold = env.spec.reward_threshold
    spec.metadata.SetInParent()
    for key, value in (getattr(env, "metadata", None) or {}).items():
        with contextlib.suppress(RequestError):
            item = encode_item(value)
            spec.metadata.items[str(key)].CopyFrom(item)
    if is_goal_env(env, lanes.observation_codec.space):
        response.capabilities.append(COMPUTE_REWARD)
    if isinstance(lanes, Copies):
        response.capabilities.append("step_lanes")
    with contextlib.suppress(RequestError):
        lanes.save([0])
        response.capabilities.append("save_state")
    return response


def _close(envs: list[Any]) -> None:
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

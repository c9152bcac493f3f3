"""`python -m gymbridge serve-policy`."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

from gymbridge.env.factory import UnknownEnvironment, find_factory, make_env
from gymbridge.errors import RequestError
from gymbridge.policy.load import load_actor
from gymbridge.policy.service import PolicyService
from gymbridge.serving import (
    Lifetime,
    StartError,
    add_health_and_reflection,
    announce,
    bind,
    check_address,
    end_process,
    fail,
    new_server,
    read_security,
    remove_socket,
)
from gymbridge.v1 import policy_pb2, policy_pb2_grpc

_SERVICE = policy_pb2.DESCRIPTOR.services_by_name["PolicyService"].full_name


def run(arguments: argparse.Namespace) -> None:
    """Serves one policy until told to end; never returns."""
    lifetime = Lifetime(arguments.exit_with_stdin)
    try:
        security = read_security(arguments)
        address = check_address(arguments.address, security)
        trusted = security.trusts_callers(address)
        observation_space, action_space = _spaces(arguments.env)
        actor, name = load_actor(arguments.what, observation_space, action_space, arguments.seed)
        service = PolicyService(arguments.name or name, actor, observation_space, action_space, trusted)
        server = new_server(256, arguments.max_message_mib, security)
        policy_pb2_grpc.add_PolicyServiceServicer_to_server(service, server)
        add_health_and_reflection(server, trusted, _SERVICE)
        bound = bind(server, address, security)
    except (StartError, UnknownEnvironment, RequestError) as error:
        fail(str(error))
    server.start()
    exit_code = 0
    try:
        if not lifetime.ended:
            announce(bound)
        exit_code = lifetime.wait()
    finally:
        server.stop(0.3).wait(0.5)
        remove_socket(bound, arguments.remove_directory)
        end_process(exit_code)


def _spaces(env_id: str) -> tuple[Any, Any]:
    """The environment's observation and action space; it is made once, and closed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            env = make_env(env_id, find_factory(env_id), {})
        except UnknownEnvironment:
            raise
        except Exception as error:
            raise StartError(f"{env_id} cannot be made: {type(error).__name__}: {error}") from error
    env.close()
    return env.observation_space, env.action_space

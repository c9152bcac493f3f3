"""`python -m gymbridge serve-env`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gymbridge.env import states
from gymbridge.env.directory import PrivateDirectory
from gymbridge.env.pool import log
from gymbridge.env.supervisor import Offer, Supervisor
from gymbridge.errors import RequestError
from gymbridge.memory import segment
from gymbridge.security import SecurityError
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
from gymbridge.v1 import environment_pb2, environment_pb2_grpc

_SERVICE = environment_pb2.DESCRIPTOR.services_by_name["EnvironmentService"].full_name
# How long a thread may keep the interpreter while another wants it: the default of 5 ms delays answers.
_SWITCH_INTERVAL_SECONDS = 2e-4
# What asks for a session is small, whatever its steps are.
_MAX_REQUEST_MIB = 16


def run(arguments: argparse.Namespace) -> None:
    """Serves environments until told to end; never returns."""
    lifetime = Lifetime(arguments.exit_with_stdin)
    try:
        security = read_security(arguments)
        address = check_address(arguments.address, security)
        server = new_server(32, min(arguments.max_message_mib, _MAX_REQUEST_MIB), security)
        state_key = states.make_key(arguments.state_key)
        bound = bind(server, address, security)
    except (StartError, SecurityError) as error:
        fail(str(error))
    offer = Offer(
        env_ids=list(dict.fromkeys(arguments.ids)),
        num_envs=arguments.num_envs,
        allowed_kwargs=_names(arguments.allow_kwargs),
        allowed_attributes=_names(arguments.allow_attributes),
        workers=arguments.workers,
        max_sessions=arguments.max_sessions,
        max_num_envs=max(arguments.max_num_envs, arguments.num_envs),
        lease_seconds=arguments.lease,
        step_timeout=arguments.step_timeout,
        vector=arguments.vector,
    )
    segment.remove_stale()
    directory = PrivateDirectory()
    trusted = security.trusts_callers(address)
    config = {**security.for_worker(), "state_key": state_key.hex(), "with_tracebacks": trusted}
    supervisor = Supervisor(offer, _worker_config(arguments, address, directory.path, config), trusted)
    exit_code = 2
    try:
        _serve(server, supervisor, bound, trusted, lifetime)
        exit_code = lifetime.wait()
    except RequestError as error:
        log(error.message)
    finally:
        server.stop(0.3).wait(0.5)
        supervisor.pool.stop(1.0)
        directory.remove()
        remove_socket(bound, arguments.remove_directory)
        end_process(exit_code)


def _serve(server: Any, supervisor: Supervisor, bound: str, trusted: bool, lifetime: Lifetime) -> None:
    try:
        supervisor.try_all()
    except RequestError:
        if lifetime.ended:
            return
        raise
    environment_pb2_grpc.add_EnvironmentServiceServicer_to_server(supervisor, server)
    add_health_and_reflection(server, trusted, _SERVICE)
    server.start()
    if not lifetime.ended:
        announce(bound)


def _names(listed: str) -> list[str]:
    return [name for name in listed.split(",") if name]


def _worker_config(arguments: argparse.Namespace, address: str, directory: Path, more: dict[str, Any]) -> Any:
    numbers = iter(range(1, 1 << 62))

    def config() -> dict[str, Any]:
        # The supervisor's own way to a worker is a Unix socket, which needs neither TLS nor a token.
        control = f"unix:{directory / f'worker-{next(numbers)}.sock'}"
        return {
            **more,
            "control": control,
            "address": control if address.startswith("unix:") else f"{address.rpartition(':')[0]}:0",
            "max_message_mib": arguments.max_message_mib,
            "verbose": arguments.verbose,
            "allowed_attributes": _names(arguments.allow_attributes),
            "allow_policies": arguments.allow_policies,
            "vector_num_envs": arguments.num_envs if arguments.vector else 0,
            "switch_interval": _SWITCH_INTERVAL_SECONDS,
        }

    return config

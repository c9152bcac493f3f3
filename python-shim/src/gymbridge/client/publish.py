"""Puts policies into service on a server that keeps them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from gymbridge.credentials import NONE, Credentials, channel
from gymbridge.v1 import policy_pb2 as pb
from gymbridge.v1 import policy_pb2_grpc

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Published:
    """A version that is in service: its name, twelve digits of its content's digest, and what it had to pass."""

    version: str
    digest: str
    checks: list[str]


def publish_policy(
    address: str,
    policy: str,
    file: str | os.PathLike[str],
    *,
    version: str = "",
    labels: Iterable[str] = (),
    timeout: float = 600.0,
    credentials: Credentials = NONE,
) -> Published:
    """Publishes a bundle as a new version of a policy, new or known; returns when the server has checked and kept it.

    Args:
        address: "host:port" or "unix:path".
        policy: the policy's name.
        file: the bundle.
        version: its version; empty for the next number.
        labels: that it gets: "stable", "canary".
        timeout: seconds; the server may play episodes with it first.
        credentials: TLS and a token, where the server wants them; it has to give the right "publish".

    Raises: ValueError for a bundle that the server does not take, saying why; PermissionError; ConnectionError where no
    server answers; TimeoutError; RuntimeError for anything else. Nothing has changed then.
    """
    bundle = Path(file).read_bytes()

    def requests() -> Iterator[pb.PublishPolicyRequest]:
        header = pb.PublishHeader(
            policy=policy,
            version=version,
            size=len(bundle),
            sha256=hashlib.sha256(bundle).digest(),
            labels=labels,
        )
        yield pb.PublishPolicyRequest(header=header)
        for start in range(0, len(bundle), _CHUNK):
            yield pb.PublishPolicyRequest(chunk=bundle[start : start + _CHUNK])

    with channel(address, credentials) as connection:
        stub = policy_pb2_grpc.PolicyServiceStub(connection)
        try:
            answer = stub.PublishPolicy(requests(), timeout=timeout)
        except grpc.RpcError as error:
            raise _failure(error, address) from None
    return Published(answer.version, answer.digest, list(answer.checks))


def _failure(error: grpc.RpcError, address: str) -> Exception:
    message = f"{address}: {error.details()}"
    match error.code():
        case grpc.StatusCode.INVALID_ARGUMENT | grpc.StatusCode.FAILED_PRECONDITION:
            return ValueError(message)
        case grpc.StatusCode.PERMISSION_DENIED | grpc.StatusCode.UNAUTHENTICATED:
            return PermissionError(message)
        case grpc.StatusCode.UNAVAILABLE:
            return ConnectionError(message)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return TimeoutError(message)
    return RuntimeError(message)

"""What goes wrong with a remote environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from gymbridge.http2.client import CallEnded


class RemoteError(gym.error.Error, RuntimeError):
    """A request to a remote environment failed.

    `code` is gRPC's status by name: "UNKNOWN" where the environment itself raised; then the message begins with the
    exception's class, and `remote_traceback`, which the message holds too, is its traceback in the server.
    """

    def __init__(self, message: str, code: str = "UNKNOWN", remote_traceback: str = "") -> None:
        super().__init__(message + (f"\n\nIn the server:\n{remote_traceback}" if remote_traceback else ""))
        self.code = code
        self.remote_traceback = remote_traceback


class ConnectionFailed(RemoteError, ConnectionError):
    """No server answers at the address, or it stopped answering."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "UNAVAILABLE")


class Closed(RemoteError, gym.error.ClosedEnvironmentError):
    """The environment was closed by its user."""

    def __init__(self) -> None:
        super().__init__("the environment is closed: make another one", "FAILED_PRECONDITION")


class SessionEnded(RemoteError):
    """The server has closed the environments of this session; a reset opens them anew."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "NOT_FOUND")


class WorkerLost(RemoteError):
    """The process that ran the environment died or hung, and was replaced; a reset goes on. `cause` says why."""

    def __init__(self, cause: str, lanes: str = "") -> None:
        super().__init__(f"the worker{lanes} was lost: {cause}; reset() goes on", "UNAVAILABLE")
        self.cause = cause


def from_status(status: Any) -> RemoteError:
    """The error of a google.rpc.Status."""
    stack = ""
    for detail in status.details:
        info = error_details_pb2.DebugInfo()
        if detail.Unpack(info) and info.stack_entries:
            stack = "\n".join(info.stack_entries)
    return RemoteError(status.message, _name(status.code), stack)


def from_end(end: CallEnded) -> RemoteError:
    """The error of a call that the server ended."""
    try:
        status = status_pb2.Status.FromString(end.details)
    except DecodeError:
        status = status_pb2.Status()
    status.code, status.message = end.code, status.message or end.message
    return from_status(status)


def _name(number: int) -> str:
    return str(code_pb2.Code.Name(number)) if number in code_pb2.Code.values() else str(number)

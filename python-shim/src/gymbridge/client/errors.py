"""What goes wrong with a remote environment."""

from __future__ import annotations

import re
from typing import Any

import gymnasium as gym
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2

from gymbridge.http2.client import CallEnded


class RemoteError(gym.error.Error, RuntimeError):
    """A request to a remote environment failed.

    `code` is gRPC's status by name: "UNKNOWN" where the environment itself raised; then the message begins with the
    exception's class, and `remote_traceback`, which the message holds too, is its traceback in the server. Where the
    class is a usual one, the error is of it as well: a RemoteValueError is a ValueError.
    """

    def __init__(self, message: str, code: str = "UNKNOWN", remote_traceback: str = "") -> None:
        super().__init__(message + (f"\n\nIn the server:\n{remote_traceback}" if remote_traceback else ""))
        self.code = code
        self.remote_traceback = remote_traceback

    def __str__(self) -> str:
        """The message as it is, which a KeyError would quote."""
        return str(self.args[0])


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


def _raised(kind: type[Exception]) -> Any:
    docstring = f"The environment raised a {kind.__name__}."
    return type(f"Remote{kind.__name__}", (RemoteError, kind), {"__doc__": docstring, "__module__": __name__})


# Each under its name, so that it can be pickled, as AsyncVectorEnv does.
RemoteAssertionError = _raised(AssertionError)
RemoteAttributeError = _raised(AttributeError)
RemoteIndexError = _raised(IndexError)
RemoteKeyError = _raised(KeyError)
RemoteNotImplementedError = _raised(NotImplementedError)
RemoteTypeError = _raised(TypeError)
RemoteValueError = _raised(ValueError)
RemoteZeroDivisionError = _raised(ZeroDivisionError)
RemoteResetNeeded = _raised(gym.error.ResetNeeded)

_RAISED: dict[str, type[RemoteError]] = {
    error.__bases__[1].__name__: error
    for error in (
        RemoteAssertionError,
        RemoteAttributeError,
        RemoteIndexError,
        RemoteKeyError,
        RemoteNotImplementedError,
        RemoteTypeError,
        RemoteValueError,
        RemoteZeroDivisionError,
        RemoteResetNeeded,
    )
}
_CLASS = re.compile(r"\w+")


def from_status(status: Any) -> RemoteError:
    """The error of a google.rpc.Status."""
    stack = ""
    for detail in status.details:
        info = error_details_pb2.DebugInfo()
        if detail.Unpack(info) and info.stack_entries:
            stack = "\n".join(info.stack_entries)
    found = _CLASS.match(status.message) if status.code == code_pb2.UNKNOWN else None
    error = RemoteError if found is None else _RAISED.get(found.group(), RemoteError)
    return error(status.message, _name(status.code), stack)


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

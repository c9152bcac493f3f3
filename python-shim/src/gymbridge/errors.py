"""Errors of a request: a gRPC code, a message for people, and a traceback where an environment or policy raised."""

from __future__ import annotations

import base64
import contextlib
import difflib
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

# Of a traceback in a status that travels in a header: clients take 8 KiB of these.
_MAX_STACK_BYTES = 4096


class RequestError(Exception):
    """A request that failed: `code`, `message`, and `stack`, the traceback's lines where foreign code raised."""

    def __init__(self, code: grpc.StatusCode, message: str, stack: list[str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.stack = stack

    def to_status(self, with_traceback: bool = True) -> Any:
        """As google.rpc.Status, with a google.rpc.DebugInfo detail where there is a traceback, unless unwanted."""
        status = status_pb2.Status(code=self.code.value[0], message=self.message)
        if self.stack is not None and with_traceback:
            detail = any_pb2.Any()
            detail.Pack(error_details_pb2.DebugInfo(stack_entries=self.stack, detail=self.message))
            status.details.append(detail)
        return status

    def to_trailers(self) -> tuple[int, str, str]:
        """For the end of a call: the code, the message, and the status in base64, its traceback's end if it is long."""
        stack: list[str] = []
        size = 0
        for line in reversed(self.stack or []):
            size += len(line.encode())
            if size > _MAX_STACK_BYTES:
                break
            stack.insert(0, line)
        short = RequestError(self.code, self.message[:1000], None if self.stack is None else stack)
        details = base64.b64encode(short.to_status().SerializeToString()).decode().rstrip("=")
        return self.code.value[0], short.message, details


def invalid_argument(message: str) -> RequestError:
    """The request would be wrong in any state."""
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)


def failed_precondition(message: str) -> RequestError:
    """The request is wrong in the present state."""
    return RequestError(grpc.StatusCode.FAILED_PRECONDITION, message)


def resource_exhausted(message: str) -> RequestError:
    """There is not enough of something, which the message names."""
    return RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)


def unimplemented(message: str) -> RequestError:
    """The environment, or this version, cannot do it."""
    return RequestError(grpc.StatusCode.UNIMPLEMENTED, message)


def raised(error: BaseException, suffix: str = "") -> RequestError:
    """UNKNOWN for an exception of an environment or policy, with its own part of the traceback."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and _is_ours(trace) and trace.tb_next is not None:
        trace = trace.tb_next
    text = str(error).strip()
    message = type(error).__name__ + (f": {text}" if text else "") + suffix
    lines = "".join(traceback.format_exception(type(error), error, trace)).splitlines()
    return RequestError(grpc.StatusCode.UNKNOWN, message, lines)


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__", "")).startswith("gymbridge.")


def abort(context: grpc.ServicerContext, error: RequestError, with_traceback: bool) -> NoReturn:
    """Ends a unary call or a stream with the error as its rich status."""
    context.abort_with_status(rpc_status.to_status(error.to_status(with_traceback)))
    raise AssertionError("abort always raises")


def from_rpc_error(error: grpc.RpcError) -> RequestError:
    """What another server answered, with its details, to be passed on."""
    code = error.code()
    status = None
    with contextlib.suppress(ValueError):
        status = rpc_status.from_call(error)
    stack = None
    for detail in status.details if status is not None else []:
        info = error_details_pb2.DebugInfo()
        if detail.Unpack(info):
            stack = list(info.stack_entries)
    return RequestError(code, error.details() or code.name, stack)


def closest(env_id: str, known: Iterable[str]) -> str:
    """For messages: "; did you mean …?" with the most alike of the known names, or nothing."""
    matches = difflib.get_close_matches(env_id, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(matches)}?" if matches else ""

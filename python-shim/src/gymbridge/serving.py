"""What both servers share: addresses, the gRPC server, readiness, signals and the end."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from gymbridge import __version__
from gymbridge.security import Security, SecurityError

SERVER_VERSION = f"gymbridge-python {__version__}"
PROTOCOL_REVISION = 1
_MAX_UNIX_PATH = 100
_TRIM_SECONDS = 5.0


class StartError(Exception):
    """The server cannot start; the message says why and what to do. Ends the command with exit code 2."""


def fail(message: str) -> NoReturn:
    """Ends the command with exit code 2 and one line on stderr."""
    print(f"gymbridge: {message}", file=sys.stderr, flush=True)
    raise SystemExit(2)


def check_address(address: str, security: Security) -> str:
    """The address, with an absolute path if it is a Unix socket's; StartError where it cannot or must not be bound."""
    if address.startswith("unix:"):
        _check_reach(address, security)
        path = Path(address.removeprefix("unix:")).absolute()
        if len(os.fsencode(path)) > _MAX_UNIX_PATH:
            raise StartError(f"the path of the socket is too long for the system: {path}; choose a shorter one")
        if not path.parent.is_dir():
            raise StartError(f"the directory of the socket does not exist: {path.parent}")
        _clear_stale_socket(path)
        return f"unix:{path}"
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise StartError(f"{address!r} is no address; use HOST:PORT or unix:PATH")
    _check_reach(address, security)
    return f"{host}:{int(port)}" if host else f"0.0.0.0:{int(port)}"


def _check_reach(address: str, security: Security) -> None:
    try:
        security.check_address(address)
    except SecurityError as error:
        raise StartError(str(error)) from error


def read_security(arguments: argparse.Namespace) -> Security:
    """How the server is protected; StartError where the options make no sense."""
    try:
        return Security.of(arguments)
    except SecurityError as error:
        raise StartError(str(error)) from error


def _clear_stale_socket(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_socket():
        raise StartError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno != errno.ECONNREFUSED:
                raise StartError(f"{path} cannot be used: {error.strerror or error}") from error
            path.unlink()
            return
    raise StartError(f"{path} is in use: another server listens there; stop it or choose another --address")


def new_server(threads: int, max_message_mib: int, security: Security) -> grpc.Server:
    """A server with the project's limits: messages of that size, at most `threads` calls at a time."""
    _trim_memory()
    return grpc.server(
        futures.ThreadPoolExecutor(max_workers=threads, thread_name_prefix="grpc"),
        interceptors=[*security.interceptors, _ParsingInterceptor()],
        maximum_concurrent_rpcs=threads,
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", max_message_mib << 20),
            ("grpc.max_send_message_length", -1),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ],
    )


@dataclass(frozen=True)
class _NoMessage:
    """Stands for a request that is no message of its type."""

    size: int


class _ParsingInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses what is no message with INVALID_ARGUMENT. grpcio would say INTERNAL, and never free the call."""

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        handler = continuation(details)
        if handler is None or handler.request_deserializer is None:
            return handler

        def parse(data: bytes) -> Any:
            try:
                return handler.request_deserializer(data)
            except DecodeError:
                return _NoMessage(len(data))

        def checked(request: Any, context: Any) -> Any:
            if isinstance(request, _NoMessage):
                what = f"got {request.size} bytes that are no request of {details.method}"
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, what)
            return request

        def wrap(serve: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
            if handler.request_streaming:
                return lambda requests, context: serve((checked(each, context) for each in requests), context)
            return lambda request, context: serve(checked(request, context), context)

        kinds = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
        wrapped = {kind: wrap(serve) for kind in kinds if (serve := getattr(handler, kind)) is not None}
        return handler._replace(request_deserializer=parse, **wrapped)


def _trim_memory() -> None:
    """From now on gives back to the system, now and then, what grpcio has freed: glibc keeps it, up to gigabytes."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return

    def run() -> None:
        while True:
            time.sleep(_TRIM_SECONDS)
            trim(0)

    threading.Thread(target=run, name="trim memory", daemon=True).start()


def bind(server: grpc.Server, address: str, security: Security) -> str:
    """Binds the server; the address with the actual port. StartError where the address is taken or not ours."""
    credentials = security.server_credentials
    # A Unix socket is its owner's from its first moment.
    mask = os.umask(0o177)
    try:
        port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    finally:
        os.umask(mask)
    if port == 0:
        raise StartError(f"cannot listen on {address}: it is in use or not an address of this machine")
    if address.startswith("unix:"):
        return address
    return f"{address.rpartition(':')[0]}:{port}"


def add_health_and_reflection(server: grpc.Server, with_reflection: bool, *service_names: str) -> Any:
    """Adds grpc.health.v1 (all serving) and, if asked to, reflection; gives the health servicer."""
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in ("", *service_names):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    if with_reflection:
        reflection.enable_server_reflection((*service_names, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return servicer


class Lifetime:
    """Waits in the main thread until the process is told to end: a signal or, if asked for, the end of stdin."""

    def __init__(self, exit_with_stdin: bool) -> None:
        self._stop = threading.Event()
        self._exit_code = 0
        signal.signal(signal.SIGINT, lambda *_: self._end(130))
        signal.signal(signal.SIGTERM, lambda *_: self._end(0))
        if exit_with_stdin:
            threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def _end(self, exit_code: int) -> None:
        if not self._stop.is_set():
            self._exit_code = exit_code
            self._stop.set()

    def _watch_stdin(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        self._end(0)

    @property
    def ended(self) -> bool:
        """Whether the process was told to end."""
        return self._stop.is_set()

    def wait(self) -> int:
        """Blocks until the end; the process's exit code."""
        self._stop.wait()
        return self._exit_code


def announce(address: str) -> None:
    """The one line on stdout that says where the server listens."""
    print(f"gymbridge: listening on {address}", flush=True)


def end_process(exit_code: int) -> NoReturn:
    """Ends the process at once, after everything was cleaned up: threads that hang cannot hold it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)


def remove_socket(address: str, and_directory: bool = False) -> None:
    """Removes a Unix socket's file, and its directory if asked to and empty; nothing for other addresses."""
    if not address.startswith("unix:"):
        return
    path = Path(address.removeprefix("unix:"))
    path.unlink(missing_ok=True)
    if and_directory:
        with contextlib.suppress(OSError):
            path.parent.rmdir()

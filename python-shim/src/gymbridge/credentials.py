"""What a client shows, and what it wants to see, when it connects."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from gymbridge.security import check_token, describe, is_local


@dataclass(frozen=True)
class Credentials:
    """How a client connects to HOST:PORT and proves who it is. Unix sockets never use TLS.

    Args:
        tls_ca: PEM file of the authority that the server's certificate must come from; connects with TLS.
        tls_cert: PEM file of the client's own certificate, where the server wants one (mTLS); with `tls_key`.
        tls_key: PEM file of its private key.
        token: sent with each call as `authorization: Bearer TOKEN`.
        insecure: allows the token to travel to another machine without TLS.
    """

    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    token: str | None = field(default=None, repr=False)
    insecure: bool = False

    def __post_init__(self) -> None:  # noqa: D105
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: give both or none")
        if self.tls_cert is not None and self.tls_ca is None:
            raise ValueError("tls_cert needs tls_ca: the server's certificate is checked too")
        if self.token is not None:
            check_token(self.token, "token")


NONE = Credentials()


def ssl_context(credentials: Credentials, address: str) -> ssl.SSLContext | None:
    """TLS for a connection to an address, which checks the server's name; None where there is to be no TLS.

    ValueError for files that do not do, or where the token would travel in the clear.
    """
    if not _uses_tls(credentials, address):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    try:
        context.load_verify_locations(credentials.tls_ca)
    except OSError as error:
        raise ValueError(f"tls_ca {credentials.tls_ca}: {describe(error)}") from error
    if credentials.tls_cert is not None:
        try:
            context.load_cert_chain(credentials.tls_cert, credentials.tls_key, "")
        except OSError as error:
            files = f"tls_cert {credentials.tls_cert}, tls_key {credentials.tls_key}"
            raise ValueError(f"{files}: {describe(error)}") from error
    return context


def metadata(credentials: Credentials) -> Mapping[str, str]:
    """The headers of each call."""
    return {"authorization": f"Bearer {credentials.token}"} if credentials.token else {}


# Each call to several servers goes to the next one, and where that did not take it, to another, if it may be repeated.
_BALANCED = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": "gymbridge.v1.PolicyService", "method": "Act"},
                {"service": "gymbridge.v1.PolicyService", "method": "DescribePolicy"},
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.02s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}


def channel(address: str, credentials: Credentials = NONE) -> grpc.Channel:
    """A channel without limits of size, whose calls carry the token; ValueError as `ssl_context`.

    An address of several servers of the same thing has commas between them: "a:50051,b:50051".
    """
    options: list[tuple[str, Any]] = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    servers = [] if address.startswith("unix:") else address.split(",")
    for server in servers:
        tls = ssl_context(credentials, server)
    if not servers:
        tls = ssl_context(credentials, address)
    if len(servers) > 1:
        options.append(("grpc.service_config", json.dumps(_BALANCED)))
        options.append(("grpc.ssl_target_name_override", servers[0].rpartition(":")[0]))
        address = "ipv4:" + ",".join(map(_number, servers))
    if tls is None:
        opened = grpc.insecure_channel(address, options=options)
    else:
        files = (_read(credentials.tls_ca), _read(credentials.tls_key), _read(credentials.tls_cert))
        opened = grpc.secure_channel(address, grpc.ssl_channel_credentials(*files), options=options)
    return grpc.intercept_channel(opened, _TokenSender(credentials)) if credentials.token else opened


def _number(server: str) -> str:
    """HOST:PORT with the host as a number, which gRPC's lists of servers want."""
    host, colon, port = server.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"{server!r} is not HOST:PORT, which each of several servers has to be")
    return f"{socket.gethostbyname(host)}:{port}"


def hint(address: str, credentials: Credentials, message: str) -> str:
    """What to do about a connection that failed with a message; empty where that is not about security."""
    lower = message.lower()
    if _uses_tls(credentials, address):
        if "wrong_version_number" in lower or "wrong version number" in lower:
            return "the server does not speak TLS: leave out --tls-ca (tls_ca), or start it with --tls-cert"
        if "certificate_verify_failed" in lower or "certificate verify failed" in lower or "hostname" in lower:
            return "its certificate does not come from the authority of --tls-ca (tls_ca), or is not for this host"
        if credentials.tls_cert is None:
            return "if it wants a certificate of its clients, give one: --tls-cert, --tls-key (tls_cert, tls_key)"
        return "it may not know the authority of --tls-cert (tls_cert)"
    if not address.startswith("unix:") and "refused" not in lower:
        return "if the server speaks TLS, name its authority: --tls-ca (tls_ca)"
    return ""


def _uses_tls(credentials: Credentials, address: str) -> bool:
    if address.startswith("unix:"):
        return False
    if credentials.tls_ca is None and credentials.token and not credentials.insecure and not is_local(address):
        raise ValueError(
            f"the token would travel to {address} readable by all on the way: connect with TLS (--tls-ca, tls_ca), or "
            "say --insecure (insecure=True) if the network is trusted"
        )
    return credentials.tls_ca is not None


def _read(file: str | None) -> bytes | None:
    return None if file is None else Path(file).read_bytes()


class _TokenSender(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]
    grpc.StreamStreamClientInterceptor,  # type: ignore[misc]
):
    """Adds the token to each call."""

    def __init__(self, credentials: Credentials) -> None:
        self._metadata = tuple(metadata(credentials).items())

    def _send(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        more = (*(details.metadata or ()), *self._metadata)
        return continuation(details._replace(metadata=more), request)

    intercept_unary_unary = intercept_unary_stream = _send
    intercept_stream_unary = intercept_stream_stream = _send

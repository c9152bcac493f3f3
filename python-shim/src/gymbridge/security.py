"""Who may use a server: TLS, client certificates, a bearer token; and what strangers do not get to see."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import ipaddress
import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

TOKEN_VARIABLE = "GYMBRIDGE_TOKEN"
# A load balancer or an orchestrator asks this without a token.
_OPEN_METHODS = ("/grpc.health.v1.Health/Check",)


class SecurityError(ValueError):
    """Files or options that do not do; the message says which and why."""


@dataclass(frozen=True)
class Security:
    """What a server was started with.

    `tls_cert` and `tls_key` are PEM files, given together; `tls_client_ca` is the PEM file of the authority that every
    client's certificate must come from; `token` is what every call must bring; `insecure` allows other machines to
    connect without TLS.
    """

    tls_cert: str = ""
    tls_key: str = ""
    tls_client_ca: str = ""
    token: str = field(default="", repr=False)
    insecure: bool = False

    @staticmethod
    def of(arguments: argparse.Namespace) -> Security:
        """As the command line and the environment say; SecurityError where that makes no sense."""
        security = Security(
            tls_cert=_absolute(arguments.tls_cert),
            tls_key=_absolute(arguments.tls_key),
            tls_client_ca=_absolute(arguments.tls_client_ca),
            token=read_token(arguments.token_file),
            insecure=arguments.insecure,
        )
        if bool(security.tls_cert) != bool(security.tls_key):
            raise SecurityError("--tls-cert and --tls-key belong together: give both or none")
        if security.tls_client_ca and not security.tls_cert:
            raise SecurityError("--tls-client-ca needs --tls-cert and --tls-key: client certificates travel in TLS")
        if security.tls_cert:
            server_context(security.tls_cert, security.tls_key, security.tls_client_ca)
        return security

    def check_address(self, address: str) -> None:
        """SecurityError where the server must not listen there."""
        if address.startswith("unix:") and self.tls_cert:
            raise SecurityError(
                f"{address} is reached through the file system, which --tls-cert adds nothing to: leave it out, or use "
                "HOST:PORT"
            )
        if is_local(address) or self.tls_cert or self.insecure:
            return
        what = "the token and all else would be readable on the way" if self.token else "anyone may connect"
        raise SecurityError(
            f"{address} can be reached from other machines, and {what}; use 127.0.0.1 or unix:PATH, encrypt with "
            "--tls-cert FILE --tls-key FILE, or say --insecure if the network is trusted"
        )

    def trusts_callers(self, address: str) -> bool:
        """Whether whoever gets through to that address may see tracebacks and the services' descriptions."""
        return is_local(address) or bool(self.token) or bool(self.tls_client_ca)

    @property
    def interceptors(self) -> Sequence[grpc.ServerInterceptor]:
        """For a grpcio server."""
        return [_TokenInterceptor(self.token)] if self.token else []

    @property
    def server_credentials(self) -> Any:
        """For a grpcio server; None without TLS."""
        if not self.tls_cert:
            return None
        pair = Path(self.tls_key).read_bytes(), Path(self.tls_cert).read_bytes()
        client_ca = Path(self.tls_client_ca).read_bytes() if self.tls_client_ca else None
        return grpc.ssl_server_credentials([pair], client_ca, require_client_auth=client_ca is not None)

    def for_worker(self) -> dict[str, str]:
        """For a worker's configuration: the token itself is not in it."""
        return {
            "tls_cert": self.tls_cert,
            "tls_key": self.tls_key,
            "tls_client_ca": self.tls_client_ca,
            "token_digest": token_digest(self.token) if self.token else "",
        }


def is_local(address: str) -> bool:
    """Whether only this machine reaches an address: a Unix socket, or a loopback host by name or number."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_context(cert: str, key: str, client_ca: str) -> ssl.SSLContext:
    """TLS 1.2 or later with HTTP/2, and client certificates where there is an authority for them; SecurityError."""

    def no_password() -> str:
        raise SecurityError(f"{key} is encrypted: decrypt it into a file that only the server can read (openssl pkey)")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["h2"])
    try:
        context.load_cert_chain(cert, key, no_password)
    except OSError as error:
        raise SecurityError(f"--tls-cert {cert} --tls-key {key}: {describe(error)}") from error
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(client_ca)
        except OSError as error:
            raise SecurityError(f"--tls-client-ca {client_ca}: {describe(error)}") from error
    return context


def describe(error: OSError) -> str:
    """What is wrong with a file of certificates or keys."""
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).lower().replace("_", " ")
        return f"not PEM files that belong together ({reason})"
    return error.strerror or str(error)


def read_token(file: str | None) -> str:
    """The token in a file, or in the environment variable without one; empty for none; SecurityError."""
    if file is None:
        token, source = os.environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE
        if not token:
            return ""
    else:
        source = f"--token-file {file}"
        try:
            token = Path(file).read_text(encoding="ascii").strip()
        except UnicodeDecodeError:
            token = "\0"
        except OSError as error:
            raise SecurityError(f"{source}: {error.strerror or error}") from error
    check_token(token, source)
    return token


def check_token(token: str, source: str) -> None:
    """SecurityError, which does not show it, for a token that no header can carry or that is easily guessed."""
    if len(token) < 16 or not all("!" <= character <= "~" for character in token):
        raise SecurityError(
            f"{source} holds no token: expected 16 or more visible ASCII characters, e.g. of openssl rand -hex 32"
        )


def token_digest(token: str) -> str:
    """What is kept and compared in place of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def complaint(authorization: str | bytes | None, digest: str) -> str | None:
    """Why a call with this `authorization` header is refused; None where it brings the token."""
    if authorization is None:
        return (
            "this server wants a token, and the call has none: give the client one (--token-file FILE or "
            f"{TOKEN_VARIABLE}; in code Credentials' token)"
        )
    header = authorization.encode("latin-1", "replace") if isinstance(authorization, str) else authorization
    scheme, _, token = header.partition(b" ")
    if scheme.lower() == b"bearer" and hmac.compare_digest(hashlib.sha256(token).hexdigest(), digest):
        return None
    return "the client's token is not this server's (--token-file FILE or GYMBRIDGE_TOKEN; in code Credentials' token)"


class _TokenInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses calls that do not bring the token, before any of their messages is read."""

    def __init__(self, token: str) -> None:
        self._digest = token_digest(token)

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        if details.method in _OPEN_METHODS:
            return continuation(details)
        found = dict(details.invocation_metadata).get("authorization")
        why = complaint(found, self._digest)
        if why is None:
            return continuation(details)
        return grpc.stream_stream_rpc_method_handler(
            lambda requests, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, why)
        )


def _absolute(file: str | None) -> str:
    return str(Path(file).absolute()) if file else ""

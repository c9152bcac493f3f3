"""gymbridge: Gymnasium environments and policies behind one gRPC protocol.

`python -m gymbridge serve-env CartPole-v1` serves environments, `python -m gymbridge serve-policy` policies, and
`RemotePolicy` asks a policy server, in whatever language it is written, for actions.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Credentials", "RemotePolicy", "__version__"]

if TYPE_CHECKING:
    from gymbridge.client.remote_policy import RemotePolicy
    from gymbridge.credentials import Credentials


def __getattr__(name: str) -> Any:
    if name == "RemotePolicy":
        from gymbridge.client.remote_policy import RemotePolicy

        return RemotePolicy
    if name == "Credentials":
        from gymbridge.credentials import Credentials

        return Credentials
    raise AttributeError(f"module 'gymbridge' has no attribute {name!r}")

"""gymbridge: Gymnasium environments and policies behind one gRPC protocol.

`python -m gymbridge serve-env CartPole-v1` serves environments, `python -m gymbridge serve-policy` policies, in Python;
there are servers in Java too. `RemoteEnv` and `RemoteVectorEnv` are environments that run in a server, in whatever
language it is written (importing this package makes them known to `gymnasium.make` as "gymbridge/Remote-v0"), and
`RemotePolicy` asks a policy server for actions, and `publish_policy` brings it new ones; `BundlePolicy` acts in this
process.
"""

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "BundlePolicy",
    "Credentials",
    "RemoteEnv",
    "RemoteError",
    "RemotePolicy",
    "RemoteVectorEnv",
    "__version__",
    "publish_policy",
]

if TYPE_CHECKING:
    from gymbridge.client.errors import RemoteError
    from gymbridge.client.publish import publish_policy
    from gymbridge.client.remote_env import RemoteEnv
    from gymbridge.client.remote_policy import RemotePolicy
    from gymbridge.client.remote_vector_env import RemoteVectorEnv
    from gymbridge.credentials import Credentials
    from gymbridge.policy.bundle_policy import BundlePolicy

_MODULES = {
    "BundlePolicy": "policy.bundle_policy",
    "Credentials": "credentials",
    "RemoteEnv": "client.remote_env",
    "RemoteError": "client.errors",
    "RemotePolicy": "client.remote_policy",
    "RemoteVectorEnv": "client.remote_vector_env",
    "publish_policy": "client.publish",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"gymbridge.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'gymbridge' has no attribute {name!r}")


# The command line says it in full where a package is missing.
with suppress(ImportError):
    from gymbridge.client.registration import register_remote

    register_remote()

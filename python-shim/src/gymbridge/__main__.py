"""The command line: `python -m gymbridge COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    """Parses the command line and runs the command."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    arguments = _parser().parse_args()
    try:
        if arguments.command == "serve-env":
            from gymbridge.env.command import run
        elif arguments.command == "serve-policy":
            from gymbridge.policy.command import run
        else:
            from gymbridge.client.evaluate import run
    except ModuleNotFoundError as error:
        name = error.name or ""
        if name.startswith("gymbridge"):
            raise
        print(
            f"gymbridge: the package {name} is missing: python -m pip install gymnasium grpcio grpcio-health-checking "
            "grpcio-reflection grpcio-status hpack protobuf",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    try:
        run(arguments)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError("must be a positive number of seconds")
    return value


def _server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--address", default="127.0.0.1:50051", help="HOST:PORT (port 0: any) or unix:PATH [%(default)s]"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="the server's certificate, PEM; encrypts HOST:PORT")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key, PEM")
    parser.add_argument("--tls-client-ca", metavar="FILE", help="clients must have a certificate of this authority")
    parser.add_argument("--token-file", metavar="FILE", help="clients must bring the token in it [$GYMBRIDGE_TOKEN]")
    parser.add_argument(
        "--insecure", action="store_true", help="allow an address that other machines can reach, without TLS"
    )
    parser.add_argument("--max-message-mib", type=_positive, default=256, help="largest message, MiB [%(default)s]")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin ends")
    parser.add_argument("--remove-directory", action="store_true", help="at the end, remove the socket's directory too")


def _client_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tls-ca", metavar="FILE", help="the authority of the server's certificate, PEM; uses TLS")
    parser.add_argument("--tls-cert", metavar="FILE", help="the client's own certificate, PEM, if the server wants one")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key, PEM")
    parser.add_argument("--token-file", metavar="FILE", help="the server's token is in it [$GYMBRIDGE_TOKEN]")
    parser.add_argument(
        "--insecure", action="store_true", help="allow the token to travel to another machine without TLS"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gymbridge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    env = commands.add_parser("serve-env", help="serve Gymnasium environments")
    env.add_argument("ids", nargs="+", metavar="ID", help='e.g. HalfCheetah-v5, or "module:function" for your own')
    env.add_argument("--num-envs", type=_positive, default=8, help="lanes of a session by default [%(default)s]")
    env.add_argument("--workers", type=_positive, default=2, help="processes of a session [%(default)s]")
    env.add_argument("--max-sessions", type=_positive, default=16, help="sessions at a time [%(default)s]")
    env.add_argument("--max-num-envs", type=_positive, default=1024, help="lanes a session may ask for [%(default)s]")
    env.add_argument(
        "--lease", type=_seconds, default=60, metavar="S", help="a session outlives its client so long [%(default)s]"
    )
    env.add_argument("--allow-kwargs", default="", metavar="A,B", help="keyword arguments that clients may set [none]")
    env.add_argument(
        "--vector", action="store_true", help="each ID is a vector environment: its session has its lanes, one process"
    )
    env.add_argument(
        "--allow-attributes", default="", metavar="A,B", help="methods and attributes that clients may use [none]"
    )
    env.add_argument(
        "--allow-policies", action="store_true", help="take policies from clients, and act with them in rollouts [no]"
    )
    env.add_argument(
        "--step-timeout", type=float, default=0, metavar="S", help="replace a process whose step takes longer [off]"
    )
    env.add_argument(
        "--state-key", metavar="FILE", help="saved states are good on all servers with the key in it [only this one]"
    )
    env.add_argument("--verbose", action="store_true", help="show the environments' own warnings")
    _server_options(env)

    policy = commands.add_parser("serve-policy", help="serve a policy")
    policy.add_argument("what", metavar="WHAT", help="module:function, file.py:function, network.npz or sb3.zip")
    policy.add_argument("--env", required=True, metavar="ID", help="the environment whose spaces the policy has")
    policy.add_argument("--name", help="[the file's or function's name]")
    policy.add_argument("--seed", type=int, default=None, help="of the generator for stochastic actions [random]")
    _server_options(policy)

    evaluate = commands.add_parser("evaluate", help="play episodes of a local environment with a remote policy")
    evaluate.add_argument("address", metavar="ADDRESS[/NAME]", help="HOST:PORT or unix:PATH, then the policy's name")
    evaluate.add_argument("--env", required=True, metavar="ID")
    evaluate.add_argument("--episodes", type=_positive, default=50, help="[%(default)s]")
    evaluate.add_argument("--seed", type=int, default=0, help="of the first episode; then one more each [%(default)s]")
    evaluate.add_argument("--stochastic", action="store_true", help="sample actions instead of the most likely")
    evaluate.add_argument("--json", metavar="FILE", help="write the result here")
    _client_options(evaluate)
    return parser


if __name__ == "__main__":
    main()

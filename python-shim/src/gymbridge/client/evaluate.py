"""`python -m gymbridge evaluate`: episodes of a local environment, played by a remote policy."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from gymbridge.client.remote_policy import RemotePolicy
from gymbridge.credentials import Credentials
from gymbridge.env.factory import UnknownEnvironment, find_factory, make_env
from gymbridge.security import read_token
from gymbridge.serving import fail


def run(arguments: argparse.Namespace) -> None:
    """Plays, reports on stdout and, if asked, writes the result as JSON."""
    address, name = split_address(arguments.address)
    warnings.simplefilter("ignore")
    try:
        env = make_env(arguments.env, find_factory(arguments.env), {})
        policy = RemotePolicy(address, name, credentials=_credentials(arguments))
    except (UnknownEnvironment, OSError, LookupError, ValueError) as error:
        fail(str(error))
    with policy:
        problem = mismatch(env, policy)
        if problem:
            fail(problem)
        result = play(env, policy, arguments.episodes, arguments.seed, not arguments.stochastic)
    env.close()
    if arguments.json:
        write_json(Path(arguments.json), result)
    print(
        f"{arguments.env}, {policy.name}: return {result['return_mean']:.2f} ± {result['return_sd']:.2f}, "
        f"length {result['length_mean']:.1f}, {result['episodes']} episodes"
    )


def _credentials(arguments: argparse.Namespace) -> Credentials:
    return Credentials(
        tls_ca=arguments.tls_ca,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        token=read_token(arguments.token_file) or None,
        insecure=arguments.insecure,
    )


def split_address(text: str) -> tuple[str, str | None]:
    """ "host:port/name" as address and name; a Unix socket's path ends at the file that exists, or has no name."""
    if not text.startswith("unix:"):
        address, _, name = text.partition("/")
        return address, name or None
    head, _, name = text.rpartition("/")
    if name and Path(head.removeprefix("unix:")).is_socket():
        return head, name
    return text, None


def mismatch(env: Any, policy: RemotePolicy) -> str | None:
    """Why the policy does not fit the environment, or None; bounds may differ, shapes may not."""
    for what in ("observation_space", "action_space"):
        mine, theirs = getattr(env, what), getattr(policy, what)
        if (
            type(mine) is not type(theirs)
            or mine.shape != theirs.shape
            or getattr(mine, "n", 0) != getattr(theirs, "n", 0)
        ):
            return f"the environment's {what} is {mine}, that of {policy.name} {theirs}"
    return None


def play(env: Any, policy: RemotePolicy, episodes: int, seed: int, deterministic: bool) -> dict[str, Any]:
    """Returns and lengths of episodes seeded seed, seed + 1, …; sd is that of the population."""
    returns: list[float] = []
    lengths: list[int] = []
    shown = 0.0
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed + episode)
        total, length, ended = 0.0, 0, False
        while not ended:
            action, _ = policy.predict(observation, deterministic=deterministic)
            observation, reward, terminated, truncated, _ = env.step(action)
            total, length, ended = total + float(reward), length + 1, terminated or truncated
        returns.append(total)
        lengths.append(length)
        if sys.stderr.isatty() and (time.monotonic() - shown > 0.2 or episode + 1 == episodes):
            shown = time.monotonic()
            end = "\n" if episode + 1 == episodes else ""
            print(
                f"\r{episode + 1}/{episodes} episodes, mean {np.mean(returns):.2f}",
                end=end,
                file=sys.stderr,
                flush=True,
            )
    return {
        "return_mean": float(np.mean(returns)),
        "return_sd": float(np.std(returns)),
        "episodes": episodes,
        "length_mean": float(np.mean(lengths)),
        "returns": returns,
    }


def write_json(path: Path, result: dict[str, Any]) -> None:
    """Writes the file in one piece: a reader sees the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(result, indent=1) + "\n")
    os.replace(temporary, path)

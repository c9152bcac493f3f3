"""Kills and stops workers, and kills clients: losses.py [--rounds 100]

Two sessions of one Python server go on side by side with Gymnasium's own environments in this process. In each round a
worker of the first session is killed, or stopped in every third round. Its lanes, and no others, must be lost, with a
cause that names it; all the other lanes must go on bit for bit. In every fifth round a client is killed, too, whose
session has to end with its lease. What the server has at the end, when all that is over, is compared with what it had
after ten rounds: processes, descriptors, sockets, memory.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import gymbridge

TESTS = Path(__file__).resolve().parent.parent / "python-shim" / "tests"
sys.path.insert(0, str(TESTS))

from attacks import resident_bytes  # noqa: E402
from support import ServerProcess, children, eventually  # noqa: E402

ENV = "CartPole-v1"
LANES = 6
CLIENT = f"import gymbridge; e = gymbridge.RemoteVectorEnv({{!r}}, {ENV!r}, 2); e.reset(); print(flush=True); input()"


class Pair:
    """A session, and the same environments in this process."""

    def __init__(self, address: str, seed: int) -> None:
        self.remote = gymbridge.RemoteVectorEnv(address, ENV, LANES, on_loss="mark")
        self.local = gym.make_vec(ENV, LANES, vectorization_mode="sync")
        self.random = np.random.default_rng(seed)

    def reset(self, seed: int) -> None:
        """Begins anew in all lanes."""
        assert (self.remote.reset(seed=seed)[0] == self.local.reset(seed=seed)[0]).all()

    def step(self) -> tuple[list[int], list[Any]]:
        """Steps both; the lanes that were lost, and why. The others must be the same."""
        actions = self.random.integers(0, 2, LANES)
        *ours, infos = self.remote.step(actions)
        *theirs, _ = self.local.step(actions)
        lost = infos.get("_lost", np.zeros(LANES, bool))
        for got, expected in zip(ours, theirs, strict=True):
            assert got[~lost].tobytes() == expected[~lost].tobytes()
        return np.flatnonzero(lost).tolist(), [cause for cause in infos.get("lost", []) if cause]

    def close(self) -> None:
        """Ends both."""
        self.remote.close()
        self.local.close()


def workers(envs: gymbridge.RemoteVectorEnv, server: int) -> list[int]:
    """The processes that have a session's lanes: those that listen on its shards' sockets."""
    paths = [shard._shard.address.removeprefix("unix:") for shard in envs._session.shards]
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    inodes = {f"socket:[{fields[6]}]" for fields in lines if fields[-1] in paths}
    found = []
    for process in children(server):
        descriptors = Path(f"/proc/{process}/fd").iterdir()
        if inodes & {os.readlink(descriptor) for descriptor in descriptors if descriptor.is_symlink()}:
            found.append(process)
    return found


def kill_client(address: str) -> None:
    """Has a process open a session, and kills it."""
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT.format(address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    client.stdout.readline()
    client.kill()
    client.communicate()


def holdings(server: ServerProcess, folder: Path) -> str:
    """What a server and its workers have."""
    pid = server.process.pid
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    sockets = len(list(folder.glob("gymbridge-*/*")))
    return (
        f"{1 + len(children(pid))} processes, {descriptors} descriptors, {sockets} sockets, "
        f"{resident_bytes(pid) / 2**20:.0f} MiB in the supervisor"
    )


def main() -> None:
    """Prints what was lost, and what is left over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        folder = Path(directory)
        options = ["--workers", "2", "--lease", "10", "--step-timeout", "1", "--address", "unix:s.sock"]
        server = ServerProcess("serve-env", ENV, *options, cwd=folder)
        assert server.address, server.log
        first, second = Pair(server.address, 1), Pair(server.address, 2)
        pid = server.process.pid
        chosen, steps, sessions = random.Random(0), 0, 4
        early = ""
        for number in range(rounds):
            first.reset(number)
            if number == 0:
                second.reset(0)
            for _ in range(chosen.randrange(20)):
                assert first.step() == ([], []) == second.step()
                steps += 1
            victim = chosen.choice(workers(first.remote, pid))
            os.kill(victim, signal.SIGSTOP if number % 3 == 2 else signal.SIGKILL)
            lost: list[int] = []
            while not lost:
                lost, causes = first.step()
                assert second.step() == ([], [])
                steps += 1
            assert lost in ([0, 1, 2], [3, 4, 5]), lost
            assert all(f"worker {victim} ended" in cause for cause in causes), causes
            if number % 5 == 0:
                kill_client(server.address)
                sessions += 1
            if number == 9:
                eventually(lambda: len(children(pid)) <= 4 + 2, 60)
                early = holdings(server, folder)
        eventually(lambda: server.log.count("session closed") == sessions - 3, 60)
        eventually(lambda: len(children(pid)) <= 4 + 2, 60)
        print(f"{rounds} workers lost in {steps} steps of {2 * LANES} lanes: always its lanes and no others")
        print(f"after 10 rounds: {early}\nat the end:      {holdings(server, folder)}")
        first.close()
        second.close()
        server.close()
        left = [path.name for path in folder.iterdir() if not path.name.startswith("log-")]
        print(f"after the server's end: {left or 'nothing'} left in its folder")


if __name__ == "__main__":
    main()

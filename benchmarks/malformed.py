"""Sends malformed input to servers and watches what becomes of them: their processes, memory and open sessions.

    $(scripts/python-env) benchmarks/malformed.py --count 10000

starts a Python environment server and a Python policy server, each over a Unix socket and over TCP. With --env or
--policy it attacks a server that runs already, in whatever language (its process's id comes after the address):

    $(scripts/python-env) benchmarks/malformed.py --count 10000 --policy 127.0.0.1:50052 4711

The attacks are those of python-shim/tests/attacks.py; half of those on environments go to the server's own address, half
to the process of a session. Memory is that of the processes after a tenth of the attacks, after half of them, and at the
end, each time 25 s later: so long does grpcio keep what dead connections have sent. A server of environments is to allow
2 sessions: attackers open some, and leave them. The exit code is 1 where a server does not answer any more or a process
is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "python-shim" / "tests"
sys.path.insert(0, str(TESTS))

from attacks import attacks_on_environments, attacks_on_policies, is_well, resident_bytes  # noqa: E402
from support import ServerProcess, Session, children  # noqa: E402

ENV = "envs_for_tests:counting"
POLICY = "import numpy as np\ndef act(observations):\n    return np.ones(len(observations), np.int64)\n"


def settled(pids: list[int], check: Callable[[], bool]) -> list[int]:
    """Memory of processes, once grpcio has let go of dead connections. Renews leases."""
    for _ in range(5):
        time.sleep(5)
        check()
    return [resident_bytes(pid) for pid in pids]


def assault(name: str, pids: list[int], attacks: Iterator[str], count: int, check: Callable[[], bool]) -> bool:
    """Makes `count` attacks, a hundred between two checks; whether all went well. Prints a line."""
    started = time.monotonic()
    memories = []
    well = True
    for begin, end in ((0, count // 10), (count // 10, count // 2), (count // 2, count)):
        for done in range(begin, end, 100):
            list(itertools.islice(attacks, min(100, end - done)))
            well = well and check()
        memories.append(settled(pids, check))
    memory = ", ".join(" → ".join(f"{now / 2**20:.1f}" for now in each) for each in zip(*memories, strict=True))
    seconds = time.monotonic() - started
    print(f"{name}: {count} attacks in {seconds:.0f} s, {'all well' if well else 'NOT WELL'}, MiB {memory}", flush=True)
    return well


def assault_environments(name: str, address: str, pid: int, env_id: str, count: int, seed: int) -> bool:
    """On an environment server and its workers, while another session goes on."""
    with Session(address, env_id, 2, max_shards=1) as steady:
        steady.reset()

        def check() -> bool:
            return steady.step(0, 0).HasField("step") and is_well(address, "environments")

        attacks = attacks_on_environments(address, env_id, seed)
        next(attacks)
        pids = [pid, *children(pid)]
        well = assault(name, pids, attacks, count, check)
        attacks.close()
        return well and sorted([pid, *children(pid)]) == sorted(pids)


def assault_policies(name: str, address: str, pid: int, count: int, seed: int) -> bool:
    """On a policy server."""
    attacks = attacks_on_policies(address, seed)
    return assault(name, [pid], attacks, count, lambda: is_well(address, "policies"))


@contextlib.contextmanager
def served(*arguments: str) -> Iterator[ServerProcess]:
    """A Python server in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.py").write_text(POLICY)
        server = ServerProcess(*arguments, cwd=Path(folder))
        try:
            assert server.address, server.log
            yield server
        finally:
            server.close()


def main() -> None:
    """Attacks what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="attacks on each server [%(default)s]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--env", nargs=3, metavar=("ADDRESS", "PID", "ID"), help="an environment server that runs")
    parser.add_argument("--policy", nargs=2, metavar=("ADDRESS", "PID"), help="a policy server that runs")
    arguments = parser.parse_args()
    count, seed, well = arguments.count, arguments.seed, True
    if arguments.env:
        address, pid, env_id = arguments.env
        well &= assault_environments(f"environments at {address}", address, int(pid), env_id, count, seed)
    if arguments.policy:
        address, pid = arguments.policy
        well &= assault_policies(f"policies at {address}", address, int(pid), count, seed)
    if not arguments.env and not arguments.policy:
        for address in ("unix:s.sock", "127.0.0.1:0"):
            limit = ["--address", address, "--max-message-mib", "16"]
            with served("serve-env", ENV, "--workers", "1", "--max-sessions", "2", *limit) as server:
                name, pid = f"Python environments, {address}", server.process.pid
                well &= assault_environments(name, server.address, pid, ENV, count, seed)
            with served("serve-policy", "one.py:act", "--env", "CartPole-v1", *limit) as server:
                name, pid = f"Python policy, {address}", server.process.pid
                well &= assault_policies(name, server.address, pid, count, seed)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()

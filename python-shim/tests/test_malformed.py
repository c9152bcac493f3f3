"""Malformed input: each gets a status or costs its own connection, and nothing else."""

import itertools
import time

import pytest
from attacks import attacks_on_environments, attacks_on_policies, connect, is_well, resident_bytes, send_raw
from support import Session, children, eventually
from test_security import COUNTING, GOOD, SERVER_TLS, TOKEN

MIB = 1 << 20
# grpcio starts threads as calls come, and its allocators keep what was used once; benchmarks/malformed.py shows that it
# stays at that.
ALLOWED_GROWTH = 8 * MIB
ALLOWED_GROWTH_OF_GRPCIO = 64 * MIB


def growth(pids, attacks, count):
    """What the processes' memory grows by, the first attacks apart."""
    list(itertools.islice(attacks, count // 2))
    before = [resident_bytes(pid) for pid in pids]
    list(itertools.islice(attacks, count))
    return [resident_bytes(pid) - was for pid, was in zip(pids, before, strict=True)]


@pytest.mark.parametrize("address", ["unix:env.sock", "127.0.0.1:0"])
def test_environment_server_survives_malformed_input(start, address):
    server = start(
        "serve-env", COUNTING, "--address", address, "--workers", "1", "--max-sessions", "2", "--max-message-mib", "16"
    )
    with Session(server.address, COUNTING, 2) as steady:
        steady.reset()
        attacks = attacks_on_environments(server.address, COUNTING, seed=1)
        for round in range(10):
            list(itertools.islice(attacks, 15))
            assert steady.step(0, 0).HasField("step"), round
        pids = [server.process.pid, *children(server.process.pid)]
        assert len(pids) == 3
        supervisor, *workers = growth(pids, attacks, 150)
        assert supervisor < ALLOWED_GROWTH_OF_GRPCIO
        assert max(workers) < ALLOWED_GROWTH
        assert steady.step(0, 0).HasField("step")
        attacks.close()
        assert sorted([server.process.pid, *children(server.process.pid)]) == sorted(pids)
    assert is_well(server.address, "environments")
    assert "ended unexpectedly" not in server.log
    assert "Traceback" not in server.log


def test_policy_server_survives_malformed_input(start, tmp_path):
    (tmp_path / "one.py").write_text(
        "import numpy as np\ndef act(observations):\n    return np.ones(len(observations), np.int64)\n"
    )
    options = ["--env", "CartPole-v1", "--address", "unix:p.sock", "--max-message-mib", "16"]
    server = start("serve-policy", "one.py:act", *options)
    attacks = attacks_on_policies(server.address, seed=2)
    assert max(growth([server.process.pid], attacks, 200)) < ALLOWED_GROWTH_OF_GRPCIO
    assert is_well(server.address, "policies")
    attacks.close()


def cpu_seconds(pid):
    """What a process has computed so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_connections_that_say_nothing_cost_a_tls_worker_nothing_and_shut_nobody_out(start):
    server = start(
        "serve-env", COUNTING, "--address", "127.0.0.1:0", "--workers", "1", *SERVER_TLS, GYMBRIDGE_TOKEN=TOKEN
    )
    with Session(server.address, COUNTING, 1, credentials=GOOD) as steady:
        steady.reset()
        (worker,) = children(server.process.pid)
        address = "127.0.0.1" + steady.opened.shards[0].address
        silent = [connect(address) for _ in range(100)]
        assert steady.step(0).HasField("step")
        before, began = cpu_seconds(worker), time.monotonic()
        eventually(lambda: time.monotonic() - began > 1)
        assert cpu_seconds(worker) - before < 0.5
        for client in silent:
            client.close()
        send_raw(address, b"\x16\x03\x01\x02\x00" + bytes(600))
        assert steady.step(0).HasField("step")
    assert "ended unexpectedly" not in server.log

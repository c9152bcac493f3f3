"""What clients tell of where their time went."""

import numpy as np
import pytest

import gymbridge
from gymbridge.client.stats import RequestTimes
from gymbridge.codec.plain_steps import server_times
from gymbridge.v1 import environment_pb2 as pb

COUNTING = "envs_for_tests:counting"
PARTS = ("environment_us", "server_codec_us", "queue_us", "wire_us")


def response(**fields):
    return pb.InteractResponse(sequence=7, **fields).SerializeToString()


def test_server_times_are_read_wherever_they_stand():
    step = pb.StepResponse(rewards=bytes(300))
    whole = response(environment_nanos=1 << 20, server_nanos=1 << 40, queue_nanos=5, step=step)
    assert server_times(whole) == (1 << 20, 1 << 40, 5)
    numbers = response(environment_nanos=3, server_nanos=900)
    assert server_times(numbers + response(step=step)) == (3, 900, 0)
    assert server_times(response(step=step) + numbers) == (3, 900, 0)
    assert server_times(memoryview(whole)) == (1 << 20, 1 << 40, 5)
    assert server_times(b"") == server_times(b"\xff") == (0, 0, 0)


def test_parts_add_up():
    times = RequestTimes()
    for number in range(1, 102):
        data = response(environment_nanos=100 * number, server_nanos=300 * number, queue_nanos=50 * number)
        times.add("step", 1000 * number, data, 10)
    times.add_coding("step", 4000)
    step = times.summary()["step"]
    assert (step["count"], step["bytes_sent"]) == (101, 1010)
    middle = 51.0
    assert step["total_us"]["mean"] == step["total_us"]["p50"] == pytest.approx(middle)
    assert step["environment_us"]["p50"] == pytest.approx(0.1 * middle)
    assert step["queue_us"]["p50"] == pytest.approx(0.05 * middle)
    assert step["server_codec_us"]["p50"] == pytest.approx(0.15 * middle)
    assert step["wire_us"]["p50"] == pytest.approx(0.7 * middle)
    assert step["client_codec_us"] == {"mean": 4.0, "p50": 4.0, "p99": 4.0}


def test_of_many_requests_the_last_samples_count():
    times = RequestTimes()
    for number in range(100_000):
        times.add("step", number, b"", 1)
    step = times.summary()["step"]
    assert step["count"] == step["bytes_sent"] == 100_000
    assert step["total_us"]["p50"] == pytest.approx(73.4, abs=0.1)


def test_a_server_that_does_not_tell_its_own_time_counts_as_wire():
    times = RequestTimes()
    times.add("reset", 10_000, response(environment_nanos=4_000), 1)
    reset = times.summary()["reset"]
    assert reset["server_codec_us"]["mean"] == 0.0
    assert reset["wire_us"]["mean"] == 6.0


@pytest.mark.parametrize("transport", ["shm", "grpc"])
def test_vector_env_tells_of_each_process(server, transport):
    envs = gymbridge.RemoteVectorEnv(server.address, COUNTING, 4, max_shards=2, transport=transport)
    envs.reset(seed=0)
    for _ in range(10):
        envs.step(np.zeros(4, np.int64))
    envs.send(np.zeros(2, np.int64), [0, 3])
    envs.recv()
    envs.call("count")
    stats = envs.bridge_stats()
    assert {name: kind["count"] for name, kind in stats["requests"].items()} == {"reset": 2, "step": 22, "call": 2}
    step = stats["requests"]["step"]
    assert step["bytes_sent"] > 22 * 16 and step["bytes_received"] > 22 * 16
    assert 0 < step["environment_us"]["p50"] < step["total_us"]["p50"] <= step["total_us"]["p99"]
    assert step["server_codec_us"]["p50"] > 0 and step["client_codec_us"]["p50"] > 0
    assert sum(step[part]["mean"] for part in PARTS) == pytest.approx(step["total_us"]["mean"])
    assert [each["lanes"] for each in stats["transports"]] == ["0-1", "2-3"]
    why = "" if transport == "shm" else "it was not asked for"
    assert all((each["transport"], each["why"]) == (transport, why) for each in stats["transports"])
    envs.close()


def test_single_env_tells_too(server):
    env = gymbridge.RemoteEnv(server.address, COUNTING)
    env.reset(seed=0)
    env.step(0)
    stats = env.bridge_stats()
    assert {name: kind["count"] for name, kind in stats["requests"].items()} == {"reset": 1, "step": 1}
    assert len(stats["transports"]) == 1
    env.close()
    assert env.bridge_stats()["requests"]["step"]["count"] == 1

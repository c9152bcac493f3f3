"""The quick ways of gathering and sending infos give what the plain ones give."""

import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from gymbridge.codec.items import encode_map
from gymbridge.codec.steps import StepEncoder
from gymbridge.env.infos import add_info, gather
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import value_pb2

F64, F32 = np.float64, np.float32
SAME = [
    [{}, {}],
    [{"a": F64(1.5), "b": 2.5}, {"a": F64(-0.0), "b": float("nan")}],
    [{"a": F32(0.1), "b": F64(1)}, {"a": F32(3), "b": F64(2)}],
    [{"a": F32(0.1)}, {"a": 0.1}],
    [{"a": 0.1}, {"a": F32(0.1)}],
    [{"a": 1, "b": True, "c": np.int16(3), "d": 0.5}, {"a": -(2**62), "b": False, "c": np.int16(4), "d": 1.5}],
    [{"a": np.arange(3.0)}, {"a": np.ones(3)}],
    [{"a": np.zeros((2, 0))}, {"a": np.zeros((2, 0))}],
    [{"a": np.array(1, np.uint8)}, {"a": np.array(2, np.uint8)}],
]
DIFFERENT = [
    [{"a": 1.0}, {}],
    [{"a": 1.0}, {"b": 1.0}],
    [{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}],
    [{"a": 1}, {"a": 1.5}],
    [{"a": "x"}, {"a": "y"}],
    [{"a": None}, {"a": None}],
    [{"a": {"b": 1}}, {"a": {"b": 2}}],
    [{"a": np.zeros(2)}, {"a": np.zeros(1)}],
    [{"a": 1.0, "_a": 2.0}, {"a": 1.0, "_a": 2.0}],
    [{3: 1.0}, {3: 2.0}],
    [None, {}],
]
EVERYWHERE = np.ones(2, bool)


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert ours[key].dtype == value.dtype
        assert ours[key].shape == value.shape
        assert ours[key].tobytes() == value.tobytes()


@pytest.mark.parametrize("infos", SAME)
def test_infos_alike_are_gathered_as_gymnasium_does(infos):
    vector = VectorEnv()
    vector.num_envs = 2
    expected = {}
    for lane, info in enumerate(infos):
        expected = vector._add_info(expected, info, lane)
    assert_same(gather(infos, EVERYWHERE), expected)
    one_by_one = {}
    for lane, info in enumerate(infos):
        add_info(one_by_one, info, lane, 2)
    assert_same(one_by_one, expected)


@pytest.mark.parametrize("infos", DIFFERENT)
def test_infos_that_differ_are_left_to_the_plain_way(infos):
    assert gather(infos, EVERYWHERE) is None


@pytest.mark.parametrize("size", [0, 1, 127, 128, 70_000])
def test_step_is_what_protobuf_makes_of_it(size):
    infos = {
        "real": np.array([1.5, 2.5]),
        "_real": EVERYWHERE,
        "big_endian": np.arange(2, dtype=">i4"),
        "text": np.array(["a", None], object),
        "nested": {"flag": np.array([True, False])},
        "large": np.zeros((2, size), np.uint8),
    }
    buffers = [b"x" * size, b"", b"yz"]
    encoder = StepEncoder(print, EVERYWHERE)
    for _ in range(2):
        parts = encoder.encode(
            buffers, b"r" * 16, b"\0\1", b"\1\0", infos, [{"x": 1.5}, {}], buffers[:1], {"a": np.arange(2)}
        )
        got = pb.InteractResponse.FromString(b"".join(parts))
        expected = pb.StepResponse(
            observations=value_pb2.Buffers(buffers=buffers),
            rewards=b"r" * 16,
            terminated=b"\0\1",
            truncated=b"\1\0",
            infos=encode_map(infos),
            lane_infos=[encode_map({"x": 1.5}), encode_map({})],
            final_observations=value_pb2.Buffers(buffers=buffers[:1]),
            final_infos=encode_map({"a": np.arange(2)}),
        )
        assert got.step == expected


def test_absent_infos_are_absent():
    parts = StepEncoder(print, EVERYWHERE).encode([], b"", b"", b"", None, None, None, None)
    response = pb.InteractResponse.FromString(b"".join(parts))
    assert response.HasField("step")
    assert not response.step.HasField("infos")
    assert not response.step.HasField("final_observations")


def test_infos_that_cannot_be_sent_are_left_out_with_their_masks():
    warnings = []
    encoder = StepEncoder(warnings.append, EVERYWHERE)
    infos = {"bad": np.array([object(), None], object), "_bad": EVERYWHERE, "good": np.ones(2), "_good": EVERYWHERE}
    message = value_pb2.ItemMap.FromString(encoder.encode_infos(infos))
    assert set(message.items) == {"good", "_good"}
    assert "'bad' is left out" in warnings[0]


def test_names_made_up_at_each_step_do_not_fill_the_memory():
    encoder = StepEncoder(print, EVERYWHERE)
    for step in range(3000):
        encoder.encode_infos({f"step{step}": np.ones(2), f"_step{step}": EVERYWHERE})
    assert len(encoder._prefixes) <= 1000
    assert len(encoder._masks) <= 1000

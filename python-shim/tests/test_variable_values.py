"""Values of all ten spaces, nested at will: round trips, and what is refused."""

import grpc
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import iterate
from make_golden import SPACES, value_of

from gymbridge.codec.spaces import decode_space, encode_space
from gymbridge.codec.values import BatchCodec
from gymbridge.env.actions import BatchChecker
from gymbridge.errors import RequestError
from gymbridge.v1 import space_pb2, value_pb2

GRAPH = spaces.Graph(spaces.Box(0, 1, (2,), np.float32), spaces.Discrete(3))


def random_box(random):
    shape = tuple(random.integers(0, 4, random.integers(0, 3)).tolist())
    dtype = random.choice([np.float16, np.float32, np.float64, np.int8, np.int32, np.int64, np.uint8, np.uint64])
    # Gymnasium has no unbounded unsigned boxes and cannot sample batches of unbounded int64.
    may_be_unbounded = np.dtype(dtype).kind == "f" or dtype in (np.int8, np.int32)
    low = -np.inf if may_be_unbounded and random.random() < 0.3 else 0
    high = np.inf if may_be_unbounded and random.random() < 0.3 else 5
    return spaces.Box(low, high, shape, dtype)


def random_leaf(random):
    kind = random.integers(5)
    if kind == 0:
        return random_box(random)
    if kind == 1:
        return spaces.Discrete(int(random.integers(1, 9)), start=int(random.integers(-9, 9)))
    if kind == 2:
        return spaces.MultiDiscrete(random.integers(1, 9, (2, 3)), start=random.integers(-9, 9, (2, 3)))
    if kind == 3:
        return spaces.MultiBinary(int(random.integers(1, 5)))
    return spaces.Text(6, min_length=int(random.integers(3)), charset="yxé😀")


def random_space(random, depth):
    if depth == 0:
        return random_leaf(random)
    parts = [random_space(random, int(random.integers(depth))) for _ in range(random.integers(1, 4))]
    kind = random.integers(6)
    if kind == 0:
        return spaces.Tuple(parts)
    if kind == 1:
        return spaces.Dict({f"part {index}": part for index, part in enumerate(parts)})
    if kind in (2, 3):
        return spaces.Sequence(parts[0], stack=bool(kind == 3))
    if kind == 4:
        return spaces.OneOf(parts)
    # Gymnasium samples up to 89 edges: no graphs on them.
    edges = [None, random_leaf(random), spaces.Dict(a=random_leaf(random), b=spaces.Text(2))]
    return spaces.Graph(random_space(random, min(depth - 1, 1)), edges[random.integers(3)])


def assert_same(a, b):
    if isinstance(a, np.ndarray) and isinstance(b, np.generic):
        b = np.asarray(b)  # Box.sample makes scalars of some types for shape ()
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key, part in a.items():
            assert_same(part, b[key])
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


def refuses(message, n, codec):
    """Whether `decode` refuses the buffers; what it takes must come out as it went in."""
    try:
        batch = codec.decode(message, n, "values")
    except RequestError as error:
        assert error.code == grpc.StatusCode.INVALID_ARGUMENT
        assert error.message.startswith("values")
        return True
    for index in range(n):
        codec.value(batch, index)
    assert codec.encode(batch) == message
    return False


@pytest.mark.parametrize("seed", range(200))
def test_random_nested_space_and_its_samples_come_back_equal(seed):
    random = np.random.default_rng(seed)
    space = random_space(random, int(random.integers(1, 4)))
    space.seed(seed)
    assert decode_space(space_pb2.Space.FromString(encode_space(space).SerializeToString())) == space
    codec = BatchCodec(space)
    values = [space.sample() for _ in range(4)]
    batch = codec.stack(values)
    decoded = codec.decode(codec.encode(batch), 4, "values")
    for index, value in enumerate(values):
        for holder in (batch, decoded):
            back = codec.value(holder, index)
            assert_same(back, value)
            assert space.contains(back)
    assert codec.encode(decoded) == codec.encode(codec.join([codec.stack(values[:1]), codec.stack(values[1:])]))
    n, again = codec.unstack(codec.value(decoded, slice(None)))
    assert n == 4 and codec.encode(again) == codec.encode(batch)
    BatchChecker(codec, "action", "lane")(decoded)
    assert codec.not_finite(decoded) is None
    assert sum(map(len, codec.encode(batch).buffers)) >= 4 * codec.bytes_per_value


def mutate(buffers, random):
    """Buffers with one change, and whether the change must be noticed."""
    index, other = random.integers(len(buffers), size=2)
    data = bytearray(buffers[index])
    kind = random.integers(5)
    if kind == 0:
        del data[int(random.integers(len(data) + 1)) :]
    elif kind == 1:
        data += random.bytes(int(random.integers(1, 9)))
    elif kind == 2:
        return [*buffers[:index], *buffers[index + 1 :]], True
    elif kind == 3 and data:
        data[random.integers(len(data))] = random.integers(256)
    else:
        data = buffers[other]
    return [*buffers[:index], bytes(data), *buffers[index + 1 :]], len(data) != len(buffers[index])


@pytest.mark.parametrize("seed", range(100))
def test_mutated_buffers_are_refused_or_mean_something(seed):
    random = np.random.default_rng(seed)
    space = random_space(random, 3)
    space.seed(seed)
    codec = BatchCodec(space)
    buffers = list(codec.encode(codec.stack([space.sample() for _ in range(3)])).buffers)
    for _ in range(50):
        mutated, noticeable = mutate(buffers, random)
        assert refuses(value_pb2.Buffers(buffers=mutated), 3, codec) or not noticeable


def int32(*numbers):
    return np.array(numbers, "<i4").tobytes()


NAMED = spaces.Graph(spaces.Dict(at=spaces.Discrete(3), name=spaces.Text(3)), spaces.Tuple(()))
NODES = np.zeros((2, 2), "<f4").tobytes()
NO_EDGES = (int32(0, 0), b"\0", b"", b"")


@pytest.mark.parametrize(
    ("space", "buffers", "reason"),
    [
        (spaces.Text(5), [int32(0, 2)], "values: got 1 buffers, expected 2"),
        (spaces.Text(5), [int32(0), b""], "offsets: got 4 bytes, expected 8"),
        (spaces.Text(5), [int32(1, 2), b"ab"], "offsets must start at 0"),
        (spaces.Text(5), [int32(0, -1), b""], "offsets must start at 0 and never fall"),
        (spaces.Text(5), [int32(0, 2**31 - 1), b"a"], "got 1 bytes of text, expected 2147483647"),
        (spaces.Text(5), [int32(0, 1), "é".encode()[:1]], "not UTF-8"),
        (spaces.Dict(a=spaces.Text(5)), [int32(0, 1), b""], r"values\['a'\]: got 0 bytes"),
        (spaces.Sequence(spaces.Discrete(3)), [int32(0, 2**30), b"12345678"], r"values.element: got 8 bytes"),
        (spaces.Sequence(spaces.Tuple(())), [int32(0, 2**30)], "1073741824 elements without content"),
        (spaces.OneOf([spaces.Text(3)]), [int32(1), int32(0), b""], "a choice outside 0 to 0"),
        (spaces.OneOf([spaces.Text(3)]), [int32(-1), int32(0), b""], "a choice outside 0 to 0"),
        (GRAPH, [int32(0, 2), NODES[:8], *NO_EDGES], "values.nodes: got 8 bytes, expected 16"),
        (GRAPH, [int32(0, 2), NODES, int32(0, 1), b"\0", bytes(8), int32(0, 1)], "presence of edges is wrong"),
        (GRAPH, [int32(0, 2), NODES, int32(0, 0), b"\2", b"", b""], "presence of edges is wrong"),
        (GRAPH, [int32(0, 2), NODES, int32(0, 1), b"\1", bytes(8), int32(0, 2)], "outside the nodes"),
        (GRAPH, [int32(0, 2), NODES, int32(0, 1), b"\1", bytes(8), int32(-1, 0)], "outside the nodes"),
        (GRAPH, [int32(0, 2), NODES, int32(0, 1), b"\1", bytes(8), int32(1)], "edge_links: got 4 bytes"),
        (spaces.Graph(spaces.Discrete(2), None), [int32(0, 0), b"", int32(0, 0), b"\1", b""], "expected 0"),
        (NAMED, [int32(0, 1), bytes(8), int32(0, 2), b"a", int32(0, 0), b"\0", b""], r"nodes\['name'\]: got 1 bytes"),
        (spaces.Graph(spaces.Tuple(()), None), [int32(0, 2**30), int32(0, 0), b"\0", b""], "without content"),
        (spaces.Box(0, 1, (2,), np.bool_), [b"\1\2"], "one byte, 0 or 1"),
    ],
)
def test_malformed_buffers_are_refused_with_the_reason(space, buffers, reason):
    with pytest.raises(RequestError, match=reason) as caught:
        BatchCodec(space).decode(value_pb2.Buffers(buffers=buffers), 1, "values")
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT


def test_links_count_from_each_graphs_own_nodes():
    codec = BatchCodec(GRAPH)
    one = spaces.GraphInstance(np.zeros((1, 2), np.float32), np.array([1]), np.array([[0, 0]], np.int32))
    batch = codec.stack([one, one])
    assert codec.encode(batch).buffers[-1] == int32(0, 0, 0, 0)
    beyond = list(codec.encode(batch).buffers)
    beyond[-1] = int32(0, 0, 1, 0)
    with pytest.raises(RequestError, match="outside the nodes of its graph"):
        codec.decode(value_pb2.Buffers(buffers=beyond), 2, "values")


@pytest.mark.parametrize(
    ("space", "value", "expected"),
    [
        (spaces.Sequence(spaces.Discrete(5)), [1, np.int32(2)], (np.int64(1), np.int64(2))),
        (spaces.Sequence(spaces.Box(0, 1, (2,))), [[0.5, 1]], (np.array([0.5, 1], np.float32),)),
        (spaces.Sequence(spaces.Box(0, 1, (2,)), stack=True), [], np.zeros((0, 2), np.float32)),
        (spaces.Sequence(spaces.Text(3), stack=True), ["a"], ("a",)),
        (spaces.OneOf([spaces.Text(3), spaces.Discrete(5)]), (1, 3), (np.int64(1), np.int64(3))),
        (
            GRAPH,
            spaces.GraphInstance([[0, 1]], [2], np.array([[0, 0]], np.int64)),
            spaces.GraphInstance(np.array([[0, 1]], np.float32), np.array([2]), np.array([[0, 0]], np.int32)),
        ),
    ],
    ids=str,
)
def test_plain_values_are_taken_and_become_the_spaces_own(space, value, expected):
    codec = BatchCodec(space)
    assert_same(codec.value(codec.stack([value]), 0), expected)
    assert space.contains(expected)


@pytest.mark.parametrize(
    ("space", "value", "reason"),
    [
        (spaces.Text(3), 3, "is of class int, expected a str"),
        (spaces.Text(3), "\ud800", "no UTF-8 form"),
        (spaces.Dict(a=spaces.Sequence(spaces.Text(3))), {"a": "abc"}, r"^\['a'\] is of class str, expected a tuple"),
        (spaces.Sequence(spaces.Box(0, 1, (2,))), ([1.0],), r"^.element has shape \(1,\)"),
        (spaces.Sequence(spaces.Box(0, 1, (2,)), stack=True), np.zeros((3, 1)), r"^.element has shape \(3, 1\)"),
        (spaces.OneOf([spaces.Text(3)]), "a", "expected a tuple"),
        (spaces.OneOf([spaces.Text(3)]), (1, "a"), r"chooses 1, its space OneOf\(.*\) has 1"),
        (spaces.OneOf([spaces.Text(3)]), (0, 1), r"^.alternative\[0\] is of class int"),
        (GRAPH, np.zeros((1, 2)), "expected a GraphInstance"),
        (GRAPH, (np.zeros((1, 2)), np.zeros(1, int), None), "give both or neither"),
        (GRAPH, (np.zeros((1, 2)), np.zeros(1, int), np.array([[0, 1]])), "outside the 1 nodes"),
        (GRAPH, (np.zeros((1, 2)), np.zeros(1, int), np.array([[0, 0.5]])), "expected integers"),
        (GRAPH, (np.zeros((1, 3)), None, None), r"^.nodes has shape \(1, 3\)"),
        (spaces.Graph(spaces.Discrete(2), None), ([1], [1], np.array([[0, 0]])), "has none"),
        (
            spaces.Sequence(spaces.Dict(a=spaces.Discrete(2), b=spaces.Text(2)), stack=True),
            {"a": np.zeros(2, int), "b": ("x",)},
            "different lengths",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused_by_leaf(space, value, reason):
    with pytest.raises(ValueError, match=reason):
        BatchCodec(space).stack([value])


@pytest.mark.parametrize(
    ("space", "value", "reason"),
    [
        (spaces.Text(3, charset="ab"), "abc", "action of lane 5: got 'abc', expected 1 to 3 characters out of 'ab'"),
        (
            spaces.Dict(a=spaces.Sequence(spaces.Box(0, 1, (2,), np.float32))),
            {"a": [[0, 1], [0, 3]]},
            r"action \['a'\].element of lane 5 element 1 component \[1\]: got 3.0, expected",
        ),
        (spaces.OneOf([spaces.Text(1), spaces.Discrete(2)]), (1, 2), r"action .alternative\[1\] of lane 5: got 2"),
        (GRAPH, (np.full((2, 2), 2.0), None, None), r"action .nodes of lane 5 node 0 component \[0\]: got 2.0"),
        (GRAPH, (np.zeros((1, 2)), [3], np.array([[0, 0]])), "action .edges of lane 5 edge 0: got 3"),
        (
            spaces.Graph(spaces.Dict(at=spaces.Discrete(3)), None),
            ({"at": [0, 3]}, None, None),
            r"action .nodes\['at'\] of lane 5 node 1: got 3",
        ),
    ],
)
def test_actions_outside_the_space_are_refused_by_lane_and_leaf(space, value, reason):
    codec = BatchCodec(space)
    batch = codec.join([codec.stack([space.sample()]), codec.stack([value])])
    check = BatchChecker(codec, "action", "lane", 4)
    with pytest.raises(RequestError, match=reason):
        check(batch)
    check(batch, np.array([False, True]))


@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_what_is_not_finite_is_found_wherever_it_is(nothing):
    box = spaces.Box(-np.inf, np.inf, (2,), np.float32)
    graph = spaces.GraphInstance(np.zeros((1, 2)), np.array([[nothing, 0]]), np.array([[0, 0]]))
    for space, value, expected in [
        (spaces.Sequence(box), ([0, 0], [0, nothing]), (".element", f" element 1 component [1] is {nothing}")),
        (spaces.OneOf([spaces.Text(1), box]), (1, [nothing, 0]), (".alternative[1]", f" component [0] is {nothing}")),
        (spaces.Graph(box, box), graph, (".edges", f" edge 0 component [0] is {nothing}")),
    ]:
        codec = BatchCodec(space)
        batch = codec.join([codec.allocate(1), codec.stack([value])])
        assert codec.not_finite(batch) == (1, *expected)


@pytest.mark.parametrize("name", SPACES)
def test_allocated_batch_can_be_sent_and_later_writing_does_not_reach_what_was_read(name):
    space, plain = SPACES[name]
    codec = BatchCodec(space)
    batch = codec.allocate(2)
    decoded = codec.decode(codec.encode(batch), 2, "values")
    assert codec.encode(decoded) == codec.encode(batch)
    codec.write(batch, 1, value_of(space, plain[0]))
    assert codec.encode(codec.stack([codec.value(batch, 0)])) == codec.encode(codec.allocate(1))


def test_written_values_are_copies():
    codec = BatchCodec(spaces.Sequence(spaces.Box(0, 1, (1,), np.float32), stack=True))
    value = np.zeros((2, 1), np.float32)
    batch = codec.stack([value])
    value[:] = 1
    assert codec.value(batch, 0).tolist() == [[0], [0]]


def test_stacked_values_are_what_gymnasium_iterates_over():
    space = spaces.Tuple((spaces.Box(0, 1, (2,)), spaces.Dict(a=spaces.Discrete(3))))
    codec = BatchCodec(space)
    values = [space.sample() for _ in range(3)]
    stacked = codec.value(codec.stack(values), slice(None))
    batched = gym.vector.utils.batch_space(space, 3)
    assert batched.contains(stacked)
    for one, value in zip(iterate(batched, stacked), values, strict=True):
        assert space.contains(one)
        assert_same(one[0], value[0])


def wrap(space, levels, kind):
    for _ in range(levels):
        space = kind(space)
    return space


@pytest.mark.parametrize(
    "kind",
    [
        lambda part: spaces.Tuple((part,)),
        lambda part: spaces.Dict(a=part),
        spaces.Sequence,
        lambda p: spaces.OneOf([p]),
    ],
    ids=["tuple", "dict", "sequence", "one of"],
)
def test_nesting_is_limited_both_ways_and_the_deepest_passes_the_parser(kind):
    deepest = wrap(spaces.Discrete(2), 32, kind)
    message = encode_space(deepest)
    assert decode_space(space_pb2.Space.FromString(message.SerializeToString())) == deepest
    codec = BatchCodec(deepest)
    assert codec.encode(codec.decode(codec.encode(codec.allocate(3)), 3, "values")) == codec.encode(codec.allocate(3))
    with pytest.raises(RequestError, match="deeper than 32"):
        encode_space(kind(deepest))
    with pytest.raises(RequestError, match="deeper than 32"):
        decode_space(space_pb2.Space(tuple=space_pb2.TupleSpace(spaces=[message])))

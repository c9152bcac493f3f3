import grpc
import make_golden
import numpy as np
import pytest
from gymnasium import spaces

from gymbridge.codec.items import decode_item, decode_map, encode_item, encode_map
from gymbridge.codec.spaces import decode_space, encode_space
from gymbridge.codec.values import BatchCodec, UnsupportedSpace
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2, space_pb2, value_pb2

VARIABLE_SIZE = [
    spaces.Text(5, min_length=2, charset="abc"),
    spaces.Sequence(spaces.Discrete(3), stack=True),
    spaces.Graph(spaces.Box(0, 1, (2,)), spaces.Discrete(2)),
    spaces.Graph(spaces.Box(0, 1, (2,)), None),
    spaces.OneOf([spaces.Discrete(2), spaces.Box(0, 1, (1,))]),
]


@pytest.mark.parametrize("name", sorted(make_golden.files()))
def test_golden_file_is_what_the_codec_makes(name):
    assert (make_golden.FOLDER / name).read_bytes() == make_golden.files()[name]


@pytest.mark.parametrize("space", [space for space, _ in make_golden.SPACES.values()] + VARIABLE_SIZE, ids=str)
def test_space_comes_back_equal(space):
    message = space_pb2.Space.FromString(encode_space(space).SerializeToString())
    assert decode_space(message) == space
    assert encode_space(decode_space(message)) == message


def test_unbounded_integer_box_keeps_its_unboundedness():
    box = decode_space(encode_space(spaces.Box(np.array([-np.inf, 0]), 9, dtype=np.int32)))
    assert box.bounded_below.tolist() == [False, True]
    assert box.bounded_above.all()


@pytest.mark.parametrize("space", [space for space, _ in make_golden.SPACES.values()], ids=str)
def test_values_come_back_equal(space):
    space.seed(3)
    codec = BatchCodec(space)
    values = [space.sample() for _ in range(5)]
    arrays = codec.decode(codec.encode(codec.stack(values)), 5, "values")
    for index, value in enumerate(values):
        back = codec.value(arrays, index)
        assert space.contains(back)
        assert str(back) == str(value)


@pytest.mark.parametrize("space", VARIABLE_SIZE, ids=str)
def test_values_of_variable_size_are_refused_by_name(space):
    with pytest.raises(UnsupportedSpace, match=f"{type(space).__name__} space.*not supported yet"):
        BatchCodec(spaces.Dict(inner=space))


@pytest.mark.parametrize("buffers", [[], [b"123"], [b"1234", b"1234"]], ids=["none", "short", "two"])
def test_malformed_buffers_are_refused(buffers):
    with pytest.raises(RequestError) as caught:
        BatchCodec(spaces.Box(0, 1, (1,))).decode(value_pb2.Buffers(buffers=buffers), 1, "actions")
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "expected" in caught.value.message


@pytest.mark.parametrize("value", [*make_golden.ITEMS.values(), {"a": 1, "b": {"c": [None, "x"]}}], ids=str)
def test_item_comes_back_equal(value):
    assert decode_item(encode_item(value)) == value


@pytest.mark.parametrize("array", make_golden.TENSORS.values(), ids=make_golden.TENSORS.keys())
def test_tensor_comes_back_equal(array):
    back = decode_item(encode_item(array))
    assert back.dtype == array.dtype and back.shape == array.shape and (back == array).all()


def test_numpy_scalars_become_plain_ones_and_big_unsigned_ones_tensors():
    assert decode_map(encode_map({"i": np.int32(3), "f": np.float32(0.5), "b": np.bool_(True)})) == {
        "i": 3,
        "f": 0.5,
        "b": True,
    }
    assert decode_item(encode_item(np.uint64(2**64 - 1))).item() == 2**64 - 1


@pytest.mark.parametrize("value", [object(), 2**63, 1j])
def test_what_cannot_be_sent_is_refused(value):
    with pytest.raises(RequestError):
        encode_item(value)


def nested(levels, of_maps):
    value = 1
    for _ in range(levels):
        value = {"x": value} if of_maps else [value]
    return value


@pytest.mark.parametrize("of_maps", [True, False], ids=["maps", "lists"])
def test_depth_is_limited_both_ways_and_the_deepest_passes_the_parser(of_maps):
    deepest = {"x": nested(23, of_maps)}
    # Inside the message with the most around it.
    response = environment_pb2.InteractResponse(step=environment_pb2.StepResponse(infos=encode_map(deepest)))
    back = environment_pb2.InteractResponse.FromString(response.SerializeToString())
    assert decode_map(back.step.infos) == deepest
    with pytest.raises(RequestError, match="deeper than 24"):
        encode_map({"x": nested(24, of_maps)})
    message = value_pb2.ItemMap()
    item = message.items["x"]
    for _ in range(24):
        item = item.map.items["x"] if of_maps else item.list.items.add()
    item.integer = 1
    with pytest.raises(RequestError, match="deeper than 24"):
        decode_map(message)


def test_tensor_whose_length_lies_is_refused_before_anything_is_allocated():
    tensor = value_pb2.Tensor(dtype=space_pb2.DTYPE_FLOAT64, shape=[1 << 40, 1 << 40], data=b"12345678")
    with pytest.raises(RequestError, match="got 8 bytes"):
        decode_item(value_pb2.Item(tensor=tensor))


@pytest.mark.parametrize(
    "message",
    [
        space_pb2.Space(),
        space_pb2.Space(box=space_pb2.BoxSpace(shape=[1])),
        space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, shape=[1 << 60], low=b"1234", high=b"1234")),
        space_pb2.Space(discrete=space_pb2.DiscreteSpace(n=0)),
        space_pb2.Space(multi_discrete=space_pb2.MultiDiscreteSpace(shape=[2], nvec=[1])),
    ],
    ids=["no kind", "no type", "huge", "empty", "counts"],
)
def test_malformed_space_is_refused(message):
    with pytest.raises(RequestError):
        decode_space(message)

import grpc
import make_golden
import numpy as np
import pytest
from gymnasium import spaces

from gymbridge.codec.items import decode_item, decode_map, encode_item, encode_map
from gymbridge.codec.spaces import decode_space, encode_space
from gymbridge.codec.values import BatchCodec
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2, space_pb2, value_pb2


@pytest.mark.parametrize("name", sorted(make_golden.files()))
def test_golden_file_is_what_the_codec_makes(name):
    assert (make_golden.FOLDER / name).read_bytes() == make_golden.files()[name]


@pytest.mark.parametrize("space", [space for space, _ in make_golden.SPACES.values()], ids=str)
def test_space_comes_back_equal(space):
    message = space_pb2.Space.FromString(encode_space(space).SerializeToString())
    assert decode_space(message) == space
    assert encode_space(decode_space(message)) == message


def test_unbounded_integer_box_keeps_its_unboundedness():
    box = decode_space(encode_space(spaces.Box(np.array([-np.inf, 0]), 9, dtype=np.int32)))
    assert box.bounded_below.tolist() == [False, True]
    assert box.bounded_above.all()


@pytest.mark.parametrize("name", [name for name in make_golden.SPACES if name.startswith("box")])
def test_box_keeps_bounds_and_boundedness_exactly(name):
    space = make_golden.SPACES[name][0]
    back = decode_space(encode_space(space))
    for field in ("low", "high", "bounded_below", "bounded_above"):
        assert getattr(back, field).dtype == getattr(space, field).dtype
        assert np.array_equal(getattr(back, field), getattr(space, field))


def test_text_keeps_the_order_of_its_characters():
    assert decode_space(encode_space(spaces.Text(3, charset="zbaé"))).character_list == tuple("zbaé")


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


class Unknown(spaces.Space):
    pass


@pytest.mark.parametrize("space", [Unknown(), spaces.Graph(Unknown(), None)], ids=["class", "node"])
def test_spaces_beyond_the_protocol_are_refused_by_name(space):
    with pytest.raises(RequestError, match="Unknown") as caught:
        BatchCodec(spaces.Dict(inner=space))
    assert caught.value.code == grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(RequestError, match="Unknown"):
        encode_space(spaces.Dict(inner=space))


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


BOUNDS = {"low": b"\0\0\0\0", "high": b"\0\0\0\0"}
ONE = space_pb2.Space(discrete=space_pb2.DiscreteSpace(n=1))


@pytest.mark.parametrize(
    "message",
    {
        "no kind": space_pb2.Space(),
        "no type": space_pb2.Space(box=space_pb2.BoxSpace(shape=[1])),
        "huge": space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, shape=[1 << 60], **BOUNDS)),
        "overflow": space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, shape=[1 << 32, 1 << 32], **BOUNDS)),
        "huge and empty": space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, shape=[0, 1 << 60], **BOUNDS)),
        "dimensions": space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, shape=[1] * 40, **BOUNDS)),
        "negative": space_pb2.Space(multi_binary=space_pb2.MultiBinarySpace(shape=[-1])),
        "nan": space_pb2.Space(box=space_pb2.BoxSpace(dtype=11, low=b"\0\0\xc0\x7f", high=b"\0\0\0\0")),
        "low above high": space_pb2.Space(box=space_pb2.BoxSpace(dtype=2, low=b"\1", high=b"\0")),
        "length": space_pb2.Space(box=space_pb2.BoxSpace(dtype=2, shape=[3], low=b"\1\1", high=b"\1")),
        "bool": space_pb2.Space(box=space_pb2.BoxSpace(dtype=2, low=b"\0", high=b"\1", unbounded_below=b"\7")),
        "empty": space_pb2.Space(discrete=space_pb2.DiscreteSpace(n=0)),
        "beyond": space_pb2.Space(discrete=space_pb2.DiscreteSpace(n=100, start=100, dtype=2)),
        "real": space_pb2.Space(discrete=space_pb2.DiscreteSpace(n=3, dtype=11)),
        "counts": space_pb2.Space(multi_discrete=space_pb2.MultiDiscreteSpace(shape=[2], nvec=[1])),
        "starts": space_pb2.Space(multi_discrete=space_pb2.MultiDiscreteSpace(shape=[1], nvec=[1], start=[1, 2])),
        "wide": space_pb2.Space(multi_discrete=space_pb2.MultiDiscreteSpace(shape=[1], nvec=[300], dtype=6)),
        "lengths": space_pb2.Space(text=space_pb2.TextSpace(min_length=3, max_length=2, charset="a")),
        "below 0": space_pb2.Space(text=space_pb2.TextSpace(min_length=-3, max_length=2, charset="a")),
        "twice": space_pb2.Space(text=space_pb2.TextSpace(max_length=2, charset="aa")),
        "names": space_pb2.Space(dict=space_pb2.DictSpace(spaces=[space_pb2.NamedSpace(name="a", space=ONE)] * 2)),
        "no element": space_pb2.Space(sequence=space_pb2.SequenceSpace()),
        "no node": space_pb2.Space(graph=space_pb2.GraphSpace(edge=ONE)),
        "node": space_pb2.Space(graph=space_pb2.GraphSpace(node=space_pb2.Space())),
        "no choice": space_pb2.Space(one_of=space_pb2.OneOfSpace()),
    }.items(),
    ids=lambda item: item[0],
)
def test_malformed_space_is_refused(message):
    with pytest.raises(RequestError) as caught:
        decode_space(message[1])
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("shape", [[0, 1 << 40, 1 << 40], [1] * 70], ids=["extent", "dimensions"])
def test_tensor_of_a_shape_that_numpy_cannot_have_is_refused(shape):
    data = b"" if 0 in shape else bytes(8)
    tensor = value_pb2.Tensor(dtype=space_pb2.DTYPE_FLOAT64, shape=shape, data=data)
    with pytest.raises(RequestError):
        decode_item(value_pb2.Item(tensor=tensor))

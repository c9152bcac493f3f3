"""Makes the golden files that the Java and the Python tests read: python tests/make_golden.py

Every .bin is a serialized message, with equal bytes for equal content wherever maps have at most one entry; the .json
beside it says in plain terms what it holds. A Sequence's value is the list of its elements, stacked or not; a Graph's
{"nodes": [...], "edges": [...], "edge_links": [[from, to], ...]}, with null for both of the latter where it has none;
a OneOf's {"choice": index, "value": ...}.
"""

import json
from pathlib import Path

import numpy as np
from gymnasium import spaces

from gymbridge.codec.items import encode_item
from gymbridge.codec.spaces import encode_space
from gymbridge.codec.values import BatchCodec

FOLDER = Path(__file__).resolve().parent / "golden"

POINT = spaces.Box(0, 1, (2,), np.float32)
TEXT = spaces.Text(3, charset="enosy")

SPACES = {
    "box_float32": (spaces.Box(-1.5, 2.0, (3,), np.float32), [[-1.5, 0, 2], [1, 0.25, -0.5]]),
    "box_unbounded": (spaces.Box(np.array([-np.inf, 0]), np.array([np.inf, 1]), dtype=np.float64), [[1e300, 0.5]]),
    "box_scalar": (spaces.Box(0, 1, (), np.float64), [0.0, 0.5, 1.0]),
    "box_uint8": (spaces.Box(0, 255, (2, 2), np.uint8), [[[0, 1], [254, 255]]]),
    "box_int32_unbounded": (spaces.Box(-np.inf, 7, (2,), np.int32), [[-2147483648, 7], [3, -4]]),
    "discrete": (spaces.Discrete(4), [3, 0, 1]),
    "discrete_start": (spaces.Discrete(3, start=-1), [-1, 1]),
    "multi_discrete": (spaces.MultiDiscrete([[2, 3], [4, 5]]), [[[1, 2], [3, 4]]]),
    "multi_discrete_start": (spaces.MultiDiscrete([2, 5], start=[0, -2]), [[1, -2], [0, 2]]),
    "multi_binary": (spaces.MultiBinary((2, 2)), [[[0, 1], [1, 1]], [[0, 0], [1, 0]]]),
    "tuple": (spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (1,), np.float32))), [[1, [0.5]], [0, [1.0]]]),
    "dict": (
        spaces.Dict([("z", spaces.MultiBinary(2)), ("a", spaces.Tuple((spaces.Discrete(3),)))]),
        [{"z": [1, 0], "a": [2]}, {"z": [0, 1], "a": [0]}],
    ),
    "box_float16": (spaces.Box(-np.inf, 2, (2,), np.float16), [[-65504, 0.5], [2, 0.0999755859375]]),
    "box_bool": (spaces.Box(0, 1, (2,), np.bool_), [[True, False], [False, False]]),
    "box_int8_unbounded": (spaces.Box(-3, np.inf, (2,), np.int8), [[-3, 127]]),
    "box_int16_partly_unbounded": (
        spaces.Box(np.array([-np.inf, 0]), np.array([9, np.inf]), dtype=np.int16),
        [[-5, 6]],
    ),
    "box_int64_unbounded": (spaces.Box(-np.inf, np.inf, (2,), np.int64), [[-(2**63), 2**63 - 1]]),
    "box_int64_extremes": (spaces.Box(-(2**63), 2**63 - 1, (1,), np.int64), [[-(2**63)], [2**63 - 1]]),
    "box_uint64_extremes": (spaces.Box(0, 2**64 - 1, (1,), np.uint64), [[0], [2**64 - 1]]),
    "discrete_int8": (spaces.Discrete(100, start=-50, dtype=np.int8), [-50, 49]),
    "multi_discrete_uint8": (spaces.MultiDiscrete([[2, 255], [3, 1]], dtype=np.uint8), [[[1, 254], [2, 0]]]),
    "text": (spaces.Text(4, min_length=0, charset="zaé≥😀"), ["", "zaza", "é≥😀", "a"]),
    "sequence": (spaces.Sequence(spaces.Box(-1, 1, (2,), np.float32)), [[[0.5, -1]], [], [[1, 0], [0, 1], [0.25, 0]]]),
    "sequence_stacked": (spaces.Sequence(spaces.Box(-1, 1, (2,), np.float32), stack=True), [[], [[1, 0], [0, 1]]]),
    "sequence_stacked_dict": (
        spaces.Sequence(spaces.Dict(a=spaces.Discrete(3), b=spaces.Tuple((POINT, TEXT))), stack=True),
        [[{"a": 2, "b": [[0.5, 1], "no"]}, {"a": 0, "b": [[0, 0], "yes"]}], [], [{"a": 1, "b": [[1, 1], "n"]}]],
    ),
    "sequence_of_text": (spaces.Sequence(TEXT), [["yes", "no"], [], ["n"]]),
    "sequence_of_empty_tuple": (spaces.Sequence(spaces.Tuple(())), [[[], []], []]),
    "graph": (
        spaces.Graph(POINT, spaces.Discrete(3, start=1)),
        [
            {"nodes": [[0, 1], [1, 0], [0.5, 0.5]], "edges": [3, 1], "edge_links": [[0, 2], [1, 1]]},
            {"nodes": [[0.25, 0]], "edges": None, "edge_links": None},
            {"nodes": [[0, 0], [1, 1]], "edges": [2], "edge_links": [[1, 0]]},
            {"nodes": [], "edges": [], "edge_links": []},
        ],
    ),
    "graph_no_edge_space": (
        spaces.Graph(spaces.Discrete(5), None),
        [{"nodes": [4, 0], "edges": None, "edge_links": None}, {"nodes": [1], "edges": None, "edge_links": None}],
    ),
    "graph_of_dicts_and_tuples": (
        spaces.Graph(
            spaces.Dict([("at", POINT), ("name", TEXT)]),
            spaces.Tuple((spaces.MultiBinary(2), spaces.Sequence(spaces.Discrete(5)))),
        ),
        [
            {
                "nodes": [{"name": "yes", "at": [0, 1]}, {"name": "no", "at": [0.5, 0]}],
                "edges": [[[0, 1], [4, 2]], [[1, 1], []], [[0, 0], [3]]],
                "edge_links": [[0, 1], [1, 1], [1, 0]],
            },
            {"nodes": [{"name": "n", "at": [1, 1]}], "edges": None, "edge_links": None},
            {"nodes": [], "edges": [], "edge_links": []},
            {
                "nodes": [{"name": "e", "at": [0, 0]}],
                "edges": [[[1, 0], [1]]],
                "edge_links": [[0, 0]],
            },
        ],
    ),
    "graph_of_graphs": (
        spaces.Graph(spaces.Graph(spaces.MultiDiscrete([3, 4]), TEXT), None),
        [
            {
                "nodes": [
                    {"nodes": [[2, 3], [0, 1]], "edges": ["yes"], "edge_links": [[1, 0]]},
                    {"nodes": [[1, 1]], "edges": None, "edge_links": None},
                ],
                "edges": None,
                "edge_links": None,
            },
            {"nodes": [], "edges": None, "edge_links": None},
        ],
    ),
    "one_of": (
        spaces.OneOf([spaces.Discrete(4), POINT, TEXT]),
        [
            {"choice": 1, "value": [0, 1]},
            {"choice": 0, "value": 3},
            {"choice": 1, "value": [0.5, 0]},
            {"choice": 0, "value": 1},
        ],
    ),
    "one_of_graph_or_text": (
        spaces.OneOf([spaces.Graph(spaces.Discrete(5), POINT), TEXT]),
        [
            {"choice": 1, "value": "yes"},
            {"choice": 0, "value": {"nodes": [4, 2], "edges": [[1, 0.5]], "edge_links": [[1, 0]]}},
            {"choice": 1, "value": "n"},
        ],
    ),
    "tuple_with_sequence_of_sequence": (
        spaces.Tuple((spaces.Discrete(2), spaces.Sequence(spaces.Sequence(spaces.Discrete(9), stack=True)))),
        [[1, [[1, 2, 3], [], [4]]], [0, []], [1, [[8]]]],
    ),
    "nested": (
        spaces.Dict(
            [
                ("world", spaces.Tuple((spaces.Sequence(spaces.Dict([("name", TEXT), ("at", POINT)])), POINT))),
                ("task", spaces.OneOf([TEXT, spaces.Sequence(spaces.OneOf([spaces.Discrete(3), TEXT]))])),
            ]
        ),
        [
            {
                "world": [[{"name": "so", "at": [0, 1]}, {"name": "on", "at": [1, 1]}], [0.5, 0.5]],
                "task": {"choice": 1, "value": [{"choice": 1, "value": "yes"}, {"choice": 0, "value": 2}]},
            },
            {"world": [[], [0, 0]], "task": {"choice": 0, "value": "no"}},
            {"world": [[{"name": "e", "at": [1, 0]}], [1, 0]], "task": {"choice": 1, "value": []}},
        ],
    ),
}

ITEMS = {
    "null": None,
    "true": True,
    "integer": -(2**63),
    "real": 0.1,
    "text": "größer ≥",
    "list": [1, "two", None, [False]],
    "map": {"key": {"inner": 1.5}},
}

TENSORS = {
    "tensor_int16": np.array([[1, -2, 3], [4, 5, -6]], np.int16),
    "tensor_bool": np.array([True, False]),
    "tensor_scalar": np.array(2.5, np.float32),
    "tensor_empty": np.zeros((0, 3), np.uint64),
}


def value_of(space, plain):
    """A value of the space from lists and numbers."""
    if isinstance(space, spaces.Dict):
        return {name: value_of(part, plain[name]) for name, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(value_of(part, plain[index]) for index, part in enumerate(space.spaces))
    if isinstance(space, spaces.Text):
        return plain
    if isinstance(space, spaces.OneOf):
        return plain["choice"], value_of(space[plain["choice"]], plain["value"])
    if isinstance(space, spaces.Sequence):
        elements = tuple(value_of(space.feature_space, one) for one in plain)
        return stacked(space.feature_space, plain) if space.stack else elements
    if isinstance(space, spaces.Graph):
        nodes = stacked(space.node_space, plain["nodes"])
        if plain["edges"] is None:
            return spaces.GraphInstance(nodes, None, None)
        links = np.array(plain["edge_links"], np.int32).reshape(-1, 2)
        return spaces.GraphInstance(nodes, stacked(space.edge_space, plain["edges"]), links)
    return np.array(plain, space.dtype)


def stacked(space, plain):
    """Values of the space, stacked as Gymnasium does."""
    codec = BatchCodec(space)
    return codec.value(codec.stack([value_of(space, one) for one in plain]), slice(None))


def files() -> dict[str, bytes]:
    """What the folder holds, by file name."""
    made: dict[str, bytes] = {}

    def add(name: str, message, description: dict) -> None:
        made[f"{name}.bin"] = message.SerializeToString(deterministic=True)
        made[f"{name}.json"] = (json.dumps(description, indent=1, ensure_ascii=False) + "\n").encode()

    for name, (space, plain) in SPACES.items():
        codec = BatchCodec(space)
        arrays = codec.stack([value_of(space, one) for one in plain])
        add(f"space_{name}", encode_space(space), {"message": "Space", "space": str(space)})
        description = {"message": "Buffers", "space": f"space_{name}.bin", "n": len(plain), "values": plain}
        add(f"buffers_{name}", codec.encode(arrays), description)
    for name, plain in ITEMS.items():
        add(f"item_{name}", encode_item(plain), {"message": "Item", "value": plain})
    for name, array in TENSORS.items():
        description = {"dtype": str(array.dtype), "shape": list(array.shape), "value": array.tolist()}
        add(f"item_{name}", encode_item(array), {"message": "Item", **description})
    return made


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)

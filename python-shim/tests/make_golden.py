"""Makes the golden files that the Java and the Python tests read: python tests/make_golden.py

Every .bin is a serialized message, with equal bytes for equal content wherever maps have at most one entry; the .json
beside it says in plain terms what it holds.
"""

import json
from pathlib import Path

import numpy as np
from gymnasium import spaces

from gymbridge.codec.items import encode_item
from gymbridge.codec.spaces import encode_space
from gymbridge.codec.values import BatchCodec

FOLDER = Path(__file__).resolve().parent / "golden"

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
    return np.array(plain, space.dtype or np.int64)


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

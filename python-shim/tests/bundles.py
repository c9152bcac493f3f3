"""Policy bundles put together by hand: the graphs that the Java learners write, from protobuf's encoding."""

import hashlib
import io
import json
import zipfile

import numpy as np
from gymnasium import spaces

_TYPES = {"float32": 1, "uint8": 2, "int32": 6, "int64": 7, "float64": 11}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


class GraphMaker:
    """A graph with the input "observations"; each method that adds a node gives the name of its output."""

    def __init__(self, dtype, shape) -> None:
        self.parts = [self._declared(11, "observations", dtype, shape)]
        self.count = 0

    def constant(self, array) -> str:
        array = np.asarray(array)
        name = self._name()
        dims = b"".join(number(1, size) for size in array.shape)
        self.parts.append(
            message(5, dims, number(2, _TYPES[array.dtype.name]), text(8, name), message(9, array.tobytes()))
        )
        return name

    def node(self, operator: str, *inputs: str, **attributes) -> str:
        output = self._name()
        self._add(operator, inputs, output, attributes)
        return output

    def output(self, name: str, value: str, dtype, shape) -> None:
        self._add("Identity", [value], name, {})
        self.parts.append(self._declared(12, name, dtype, shape))

    def model(self) -> bytes:
        opset = message(8, text(1, ""), number(2, 17))
        return number(1, 8) + opset + message(7, text(2, "policy"), *self.parts)

    def _name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def _add(self, operator, inputs, output, attributes) -> None:
        parts = [text(1, name) for name in inputs] + [text(2, output), text(4, operator)]
        for name, value in attributes.items():
            parts.append(message(5, text(1, name), number(3, value), number(20, 2)))
        self.parts.append(message(1, *parts))

    @staticmethod
    def _declared(field, name, dtype, shape) -> bytes:
        dims = message(1, text(2, "N")) + b"".join(message(1, number(1, size)) for size in shape)
        tensor = message(1, number(1, _TYPES[np.dtype(dtype).name]), message(2, dims))
        return message(field, text(1, name), message(2, tensor))


def network(maker: GraphMaker, space, outputs: int, rng, hidden=(64, 64), mean=None, std=None) -> str:
    """A tanh network on normalised observations, as the learners' OnnxWriter makes it."""
    width = int(np.prod(space.shape))
    rows = maker.node("Reshape", "observations", maker.constant(np.array([-1, width])))
    wide = maker.node("Cast", maker.node("Cast", rows, to=1), to=11)
    centred = maker.node("Sub", wide, maker.constant(np.zeros(width) if mean is None else mean))
    scaled = maker.node("Div", centred, maker.constant(np.ones(width) if std is None else std))
    clipped = maker.node("Clip", scaled, maker.constant(np.array(-10.0)), maker.constant(np.array(10.0)))
    x = maker.node("Cast", clipped, to=1)
    sizes = [width, *hidden, outputs]
    for index in range(len(sizes) - 1):
        weights = (rng.standard_normal((sizes[index], sizes[index + 1])) / np.sqrt(sizes[index])).astype(np.float32)
        biases = np.zeros(sizes[index + 1], np.float32)
        x = maker.node("Gemm", x, maker.constant(weights), maker.constant(biases))
        if index < len(sizes) - 2:
            x = maker.node("Tanh", x)
    return x


def gaussian_model(observation_space, action_space, seed=0, log_std=-0.5, **options) -> bytes:
    rng = np.random.default_rng(seed)
    maker = GraphMaker(observation_space.dtype, observation_space.shape)
    size = int(np.prod(action_space.shape))
    raw = network(maker, observation_space, size, rng, **options)
    mean = maker.node("Cast", raw, to=11)
    low, high = (maker.constant(bound.ravel().astype(np.float64)) for bound in (action_space.low, action_space.high))
    bounded = maker.node("Min", maker.node("Max", mean, low), high)
    shaped = maker.node("Reshape", bounded, maker.constant(np.array([-1, *action_space.shape])))
    dtype = action_space.dtype
    maker.output("actions", maker.node("Cast", shaped, to=_TYPES[dtype.name]), dtype, action_space.shape)
    maker.output("mean", maker.node("Cast", mean, to=1), "float32", (size,))
    std = maker.constant(np.full((1, size), log_std, np.float32))
    maker.output("log_std", maker.node("Expand", std, maker.node("Shape", raw)), "float32", (size,))
    return maker.model()


def categorical_model(observation_space, action_space, seed=0, **options) -> bytes:
    rng = np.random.default_rng(seed)
    maker = GraphMaker(observation_space.dtype, observation_space.shape)
    if isinstance(action_space, spaces.Discrete):
        counts, starts = [int(action_space.n)], [int(action_space.start)]
    else:
        counts, starts = action_space.nvec.tolist(), action_space.start.tolist()
    logits = network(maker, observation_space, sum(counts), rng, **options)
    chosen, first = [], 0
    for count in counts:
        ends = (maker.constant(np.array([at])) for at in (first, first + count, 1))
        chosen.append(maker.node("ArgMax", maker.node("Slice", logits, *ends), axis=1, keepdims=1))
        first += count
    joined = maker.node("Concat", *chosen, axis=1)
    shifted = maker.node("Add", joined, maker.constant(np.array(starts)))
    shaped = maker.node("Reshape", shifted, maker.constant(np.array([-1, *action_space.shape])))
    dtype = action_space.dtype
    maker.output("actions", maker.node("Cast", shaped, to=_TYPES[dtype.name]), dtype, action_space.shape)
    maker.output("logits", logits, "float32", (sum(counts),))
    return maker.model()


def array_json(array) -> dict:
    data = [("inf" if x > 0 else "-inf") if np.isinf(x) else x for x in array.ravel().tolist()]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def space_json(space) -> dict:
    document = {"type": type(space).__name__}
    if isinstance(space, spaces.Box):
        document |= {"low": array_json(space.low), "high": array_json(space.high)}
    elif isinstance(space, spaces.Discrete):
        document |= {"n": int(space.n), "start": int(space.start), "dtype": np.dtype(space.dtype).name}
    elif isinstance(space, spaces.MultiDiscrete):
        document |= {"nvec": array_json(space.nvec), "start": array_json(space.start)}
    elif isinstance(space, spaces.Dict):
        document["spaces"] = [{"name": name, "space": space_json(part)} for name, part in space.spaces.items()]
    return document


def run_model(model: bytes, observations, *outputs: str):
    """What ONNX Runtime makes of it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(list(outputs), {"observations": observations})


def bundle(model: bytes, observation_space, action_space, change=None, **entries: bytes) -> bytes:
    """A bundle of the graph; `change` may change its manifest, `entries` add to the zip."""
    observation_space.seed(0)
    golden = np.stack([observation_space.sample() for _ in range(8)])
    (actions,) = run_model(model, golden, "actions")
    manifest = {
        "format": 1,
        "name": "test",
        "algorithm": "none",
        "environment": "",
        "observation_space": space_json(observation_space),
        "action_space": space_json(action_space),
        "stochastic": True,
        "network": {},
        "provenance": {},
        "golden": {"observations": array_json(golden), "actions": array_json(actions)},
        "sha256": {"policy.onnx": hashlib.sha256(model).hexdigest()},
    }
    if change is not None:
        change(manifest)
    return zipped({"manifest.json": json.dumps(manifest).encode(), "policy.onnx": model, **entries})


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def policy_for(observation_space, action_space, **options) -> bytes:
    """A bundle with a random network for these spaces."""
    make = gaussian_model if isinstance(action_space, spaces.Box) else categorical_model
    return bundle(make(observation_space, action_space, **options), observation_space, action_space)

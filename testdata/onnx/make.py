"""Makes the graphs in this folder, as other people's exports have them: pip install onnx, then python make.py.

lstm.onnx    recurrent, as sb3-contrib's policies: states (layers, N, units), `episode_starts` sets them back to zero
pixels.onnx  an image (N, 4, 4, 1) and a vector (N, 2), float32, to logits of three choices
single.onnx  for batches of one, as Stable-Baselines3's documentation exports: `input`, and actions in [-1, 1]
lstm.json    eight steps of lstm.onnx from the zero state, computed by ONNX's reference evaluator
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

HERE = Path(__file__).parent
FLOAT = TensorProto.FLOAT


def value(name: str, *shape: object) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOAT, list(shape))


def save(name: str, nodes: list, inputs: list, outputs: list, constants: dict) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(array, key) for key, array in constants.items()]
    graph = helper.make_graph(nodes, "policy", inputs, outputs, initializers)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    (HERE / name).write_bytes(model.SerializeToString())
    return model


def lstm(random: np.random.Generator) -> None:
    units, size, actions = 8, 3, 2

    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.5, shape).astype(np.float32)

    node = helper.make_node
    model = save(
        "lstm.onnx",
        [
            node("Sub", ["one", "episode_starts"], ["going_on"]),
            node("Reshape", ["going_on", "column"], ["kept"]),
            node("Mul", ["h", "kept"], ["h_before"]),
            node("Mul", ["c", "kept"], ["c_before"]),
            node("Unsqueeze", ["obs", "axis"], ["sequence"]),
            node(
                "LSTM",
                ["sequence", "w", "r", "b", "", "h_before", "c_before"],
                ["", "h_next", "c_next"],
                hidden_size=units,
            ),
            node("Squeeze", ["h_next", "axis"], ["features"]),
            node("Gemm", ["features", "wa", "ba"], ["mu"]),
            node("Gemm", ["features", "wv", "bv"], ["v"]),
        ],
        [value("obs", "N", size), value("h", 1, "N", units), value("c", 1, "N", units), value("episode_starts", "N")],
        [value("mu", "N", actions), value("v", "N", 1), value("h_next", 1, "N", units), value("c_next", 1, "N", units)],
        {
            "one": np.float32(1),
            "axis": np.array([0]),
            "column": np.array([1, -1, 1]),
            "w": weights(1, 4 * units, size),
            "r": weights(1, 4 * units, units),
            "b": weights(1, 8 * units),
            "wa": weights(units, actions),
            "ba": weights(actions),
            "wv": weights(units, 1),
            "bv": weights(1),
        },
    )
    reference = ReferenceEvaluator(model)
    observations = random.normal(0, 1, (8, size)).astype(np.float32)
    h = c = np.zeros((1, 1, units), np.float32)
    steps = []
    for step, observation in enumerate(observations):
        starts = np.array([step == 0], np.float32)
        mu, v, h, c = reference.run(None, {"obs": observation[None], "h": h, "c": c, "episode_starts": starts})
        steps.append({"observation": observation.tolist(), "action": mu[0].tolist(), "value": float(v[0, 0])})
    (HERE / "lstm.json").write_text(json.dumps(steps, indent=1) + "\n")


def pixels(random: np.random.Generator) -> None:
    node = helper.make_node
    save(
        "pixels.onnx",
        [
            node("Div", ["camera", "white"], ["bright"]),
            node("Flatten", ["bright"], ["flat"]),
            node("Concat", ["flat", "pose"], ["features"], axis=1),
            node("MatMul", ["features", "w"], ["scores"]),
        ],
        [value("camera", "N", 4, 4, 1), value("pose", "N", 2)],
        [value("scores", "N", 3)],
        {"white": np.float32(255), "w": random.normal(0, 1, (18, 3)).astype(np.float32)},
    )


def single(random: np.random.Generator) -> None:
    node = helper.make_node
    save(
        "single.onnx",
        [node("Gemm", ["input", "w"], ["g"]), node("Tanh", ["g"], ["output"])],
        [value("input", 1, 3)],
        [value("output", 1, 2)],
        {"w": random.normal(0, 1, (3, 2)).astype(np.float32)},
    )


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    lstm(generator)
    pixels(generator)
    single(generator)

"""Makes vectors.json, what Python's rollouts draw, for other implementations to equal bit for bit: python make.py.

Needs the package gymbridge. All numbers are hexadecimal digits of IEEE 754 bits, 16 for a double and 8 for a float;
arrays are flat, in the order of rows.

uniforms     (steps, lanes, draws) of a seed, a first lane and a first step
log, …       pairs of an argument and a result
gaussian     a block of a Box(low, high): from mean and log_std to samples, actions (as the space has them), log_probabilities
categorical  the same of a MultiDiscrete(nvec, start), from logits; actions are plain integers
"""

import json
from pathlib import Path

import numpy as np
from gymnasium import spaces

from gymbridge.rollout import noise
from gymbridge.rollout.heads import Categorical, Draws, Gaussian
from gymbridge.v1 import environment_pb2 as pb


def digits(array) -> list[str]:
    array = np.asarray(array).ravel()
    return [number.tobytes()[::-1].hex() for number in array]


def doubles(data: bytes) -> list[str]:
    return digits(np.frombuffer(data, "<f8"))


class Given:
    """An engine whose outputs are given, step by step."""

    constant = frozenset()

    def __init__(self, *outputs) -> None:
        self._steps = iter(zip(*outputs, strict=True))

    def __call__(self, observations):
        return next(self._steps)


def uniforms(seed: int, first_lane: int, lanes: int, first_step: int, steps: int, draws: int) -> dict:
    values = noise.uniforms(seed, range(first_lane, first_lane + lanes), first_step, steps, draws)
    return {
        "seed": str(seed),
        "first_lane": first_lane,
        "lanes": lanes,
        "first_step": first_step,
        "steps": steps,
        "draws": draws,
        "values": digits(values),
    }


def pairs(function, arguments) -> list[str]:
    arguments = np.array(arguments)
    return digits(np.stack([arguments, function(arguments)], axis=1))


def drawn(kind, space, outputs: dict, draws: Draws, steps: int) -> tuple:
    block = kind(Given(*outputs.values()), space, steps, draws)
    with np.errstate(over="ignore"):
        for step in range(steps):
            block.act(step, None)
    response = pb.RolloutResponse()
    block.fill(response, steps, True)
    for name, data in zip(outputs, response.distribution, strict=True):
        assert data == outputs[name].tobytes()
    found = {
        "seed": str(draws.seed),
        "first_step": draws.first_step,
        "first_lane": draws.lanes.start,
        "lanes": len(draws.lanes),
        "steps": steps,
        **{name: digits(array) for name, array in outputs.items()},
        "log_probabilities": doubles(response.log_probabilities),
    }
    if response.samples:
        found["samples"] = digits(np.frombuffer(response.samples, "<f4"))
    return found, block.actions


def gaussian(random: np.random.Generator, dtype: str) -> dict:
    steps, lanes, width = 20, 3, 5
    high = np.array([1, 0.5, 0.1, 2, np.inf], dtype)
    space = spaces.Box(-high, high, dtype=dtype)
    outputs = {
        "mean": random.normal(0, 1, (steps, lanes, width)).astype(np.float32),
        "log_std": random.normal(-1, 1, (steps, lanes, width)).astype(np.float32),
    }
    outputs["log_std"][0, 0] = [-800, 800, 0, -0.0, 2]
    found, actions = drawn(Gaussian, space, outputs, Draws((1 << 63) + 5, 1021, range(2, 2 + lanes)), steps)
    return {"dtype": dtype, "high": digits(high.astype(np.float64)), **found, "actions": digits(actions)}


def categorical(random: np.random.Generator) -> dict:
    steps, lanes = 20, 3
    space = spaces.MultiDiscrete([3, 2, 4], start=[-1, 0, 5])
    logits = random.normal(0, 2, (steps, lanes, 9)).astype(np.float32)
    logits[0, 0] = [0, 0, 0, -np.inf, 0, 700, -700, 0, 1]
    found, actions = drawn(Categorical, space, {"logits": logits}, Draws(7, (1 << 48) - 30, range(lanes)), steps)
    return {"nvec": space.nvec.tolist(), "start": space.start.tolist(), **found, "actions": actions.ravel().tolist()}


def main() -> None:
    random = np.random.default_rng(0)
    least, most = 0.5 * 2.0**-52, 1 - 2.0**-53
    quantiles = [least, most, 0.5, 0.075, 0.925, np.nextafter(0.075, 0), np.nextafter(0.925, 1), 1e-12, 1e-5]
    quantiles += random.random(60).tolist() + (10.0 ** random.uniform(-15, -1, 30)).tolist()
    positive = [1.0, 2.0, 0.5, np.sqrt(0.5), np.nextafter(np.sqrt(0.5), 0), 3.0, 2.0**-1022, 1.7e308, *quantiles]
    exponents = [0.0, -0.0, 1.0, -1.0, 700.0, -700.0, 710.0, -1e9, np.log(2) / 2, *random.normal(0, 20, 60).tolist()]
    (Path(__file__).parent / "vectors.json").write_text(
        json.dumps(
            {
                "uniforms": [
                    uniforms(0, 0, 2, 0, 4, 3),
                    uniforms((1 << 64) - 1, 1023, 1, (1 << 48) - 3, 3, 5),
                    uniforms(77, 3, 3, 1001, 5, 6),
                    uniforms(9, 5, 2, 7, 9, 1),
                ],
                "log": pairs(noise.log, positive),
                "exp": pairs(noise.exp, exponents),
                "normal": pairs(noise.normals, quantiles),
                "gumbel": pairs(noise.gumbels, quantiles),
                "gaussian": [gaussian(random, dtype) for dtype in ("float32", "float64")],
                "categorical": [categorical(random)],
            },
            indent=0,
        )
        + "\n"
    )


main()

"""Converts a policy's weights to the layout that `serve-policy` reads: convert_policy.py IN.npz OUT.npz

Reads two layouts: W0, b0, W1, … with obs_mean and obs_std, as the GAIL paper's experts come, and the state-dict names
of Stable-Baselines3 (PPO, A2C, DQN, SAC, TQC). docs/npz-policies.md describes what is written.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np


def convert_numbered(arrays: dict[str, Any]) -> dict[str, Any]:
    """Numbered layers: one hidden layer has leaky ReLUs, more have tanh; no log_std means a categorical policy."""
    layers = sum(name[0] == "W" for name in arrays)
    out = {name: array for name, array in arrays.items() if name[0] in "Wb" and name[1:].isdigit()}
    out["activation"], out["slope"] = ("leaky_relu", 0.01) if layers == 2 else ("tanh", 0.0)
    out["obs_mean"], out["obs_std"], out["obs_epsilon"] = arrays["obs_mean"], arrays["obs_std"], 1e-6
    if "log_std" in arrays:
        return {**out, "output": "gaussian", "log_std": arrays["log_std"]}
    return {**out, "output": "categorical"}


def convert_stable_baselines3(arrays: dict[str, Any], activation: str | None) -> dict[str, Any]:
    """State-dict names; hidden PPO and A2C layers have tanh unless told otherwise, or are 256 wide: then ReLU."""
    kinds = {
        "q_net.q_net.": ("q_values", []),
        "mlp_extractor.policy_net.": ("categorical", ["action_net"]),
        "actor.latent_pi.": ("squashed_gaussian", ["actor.mu", "actor.mu.0"]),
    }
    prefix = next(prefix for prefix in kinds if any(name.startswith(prefix) for name in arrays))
    output, heads = kinds[prefix]
    numbers = sorted({int(name.removeprefix(prefix).split(".")[0]) for name in arrays if name.startswith(prefix)})
    names = [f"{prefix}{number}" for number in numbers] + [head for head in heads if f"{head}.weight" in arrays]
    out: dict[str, Any] = {}
    for number, name in enumerate(names):
        out[f"W{number}"] = np.ascontiguousarray(arrays[f"{name}.weight"].T)
        out[f"b{number}"] = arrays[f"{name}.bias"]
    if output == "categorical" and "log_std" in arrays:
        output, out["log_std"] = "gaussian", arrays["log_std"]
    if "actor.log_std.weight" in arrays:
        out["log_std_W"], out["log_std_b"] = arrays["actor.log_std.weight"].T, arrays["actor.log_std.bias"]
    if "actor.mu.0.weight" in arrays:
        # State-dependent exploration clips the mean; its noise depends on the last features and is left out.
        out["mean_clip"] = 2.0
    tanh = prefix.startswith("mlp") and out["W0"].shape[1] < 256
    out["output"], out["activation"] = output, activation or ("tanh" if tanh else "relu")
    if "obs_mean" in arrays:
        out |= {"obs_mean": arrays["obs_mean"], "obs_var": arrays["obs_var"], "obs_epsilon": 1e-8, "obs_clip": 10.0}
    return out


def main() -> None:
    """Reads, converts and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--activation", choices=("tanh", "relu"), help="of a Stable-Baselines3 policy's hidden layers")
    arguments = parser.parse_args()
    with np.load(arguments.source, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    converted = convert_numbered(arrays) if "W0" in arrays else convert_stable_baselines3(arrays, arguments.activation)
    np.savez(arguments.target, version=1, provenance=f"converted from {arguments.source.name}", **converted)


if __name__ == "__main__":
    main()

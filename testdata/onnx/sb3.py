"""Exports policies of Stable-Baselines3 as its documentation says, and records what they do.

pip install stable-baselines3 sb3-contrib onnx onnxscript, then python sb3.py: writes sb3-*.onnx and sb3.json.
"""

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch as th
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3 import DQN, PPO, SAC

HERE = Path(__file__).parent
SMALL = {"net_arch": [16, 16]}


class OnPolicy(th.nn.Module):
    """The documentation's OnnxableSB3Policy."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, observation):
        return self.policy(observation, deterministic=True)


class Squashed(th.nn.Module):
    """SAC's actor without its samples: actions in [-1, 1]."""

    def __init__(self, actor):
        super().__init__()
        self.actor = actor

    def forward(self, observation):
        return th.tanh(self.actor.get_action_dist_params(observation)[0])


class Recurrent(th.nn.Module):
    """The LSTM's states in and out, for one step."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, observation, h_pi, c_pi, h_vf, c_vf, episode_starts):
        states = RNNStates((h_pi, c_pi), (h_vf, c_vf))
        actions, values, _, after = self.policy.forward(observation, states, episode_starts, deterministic=True)
        return actions, values, *after.pi, *after.vf


def export(model, inputs, name, input_names, output_names=None, axes=None):
    th.onnx.export(
        model.eval(),
        inputs,
        str(HERE / name),
        opset_version=17,
        input_names=input_names,
        output_names=output_names,
        dynamic_axes=axes,
        dynamo=False,
    )


def main():
    th.manual_seed(0)
    recorded = {}

    ppo = PPO("MlpPolicy", "CartPole-v1", policy_kwargs={**SMALL}, seed=0, device="cpu")
    names = ["actions", "values", "log_prob"]
    axes = {name: {0: "N"} for name in ["input", *names]}
    export(OnPolicy(ppo.policy), th.zeros(1, 4), "sb3-ppo.onnx", ["input"], names, axes)

    dqn = DQN("MlpPolicy", "CartPole-v1", policy_kwargs={**SMALL}, seed=0, device="cpu")
    export(dqn.policy.q_net, th.zeros(1, 4), "sb3-dqn.onnx", ["input"])

    sac = SAC("MlpPolicy", "Pendulum-v1", policy_kwargs={**SMALL}, seed=0, device="cpu")
    export(Squashed(sac.policy.actor), th.zeros(1, 3), "sb3-sac.onnx", ["input"])

    lstm = RecurrentPPO(
        "MlpLstmPolicy", "Pendulum-v1", policy_kwargs={**SMALL, "lstm_hidden_size": 8}, seed=0, device="cpu"
    )
    parts = ["h_pi", "c_pi", "h_vf", "c_vf"]
    after = [f"{part}_next" for part in parts]
    axes = {name: {1: "N"} for name in parts + after}
    axes |= {name: {0: "N"} for name in ["observation", "episode_starts", "actions", "values"]}
    export(
        Recurrent(lstm.policy),
        (th.zeros(1, 3), *(th.zeros(1, 1, 8) for _ in parts), th.zeros(1)),
        "sb3-lstm.onnx",
        ["observation", *parts, "episode_starts"],
        ["actions", "values", *after],
        axes,
    )

    for name, model in {"sb3-ppo": ppo, "sb3-dqn": dqn, "sb3-sac": sac, "sb3-lstm": lstm}.items():
        env = gym.make("CartPole-v1" if name in ("sb3-ppo", "sb3-dqn") else "Pendulum-v1")
        env.observation_space.seed(0)
        random = np.random.default_rng(0)
        size = env.observation_space.shape
        observations = random.normal(0, 1, (16, *size)).astype(np.float32)
        actions = []
        state, starts = None, np.array([True])
        for observation in observations:
            action, state = model.predict(observation[None], state=state, episode_start=starts, deterministic=True)
            starts = np.array([False])
            actions.append(np.asarray(action[0]).ravel().tolist())
        recorded[name] = {"observations": observations.tolist(), "actions": actions}
    (HERE / "sb3.json").write_text(json.dumps(recorded) + "\n")


if __name__ == "__main__":
    main()

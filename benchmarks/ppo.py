"""PPO in one file, in the manner of CleanRL: it knows Gymnasium and nothing of gymbridge.

    python ppo.py CartPole-v1
    python ppo.py gymbridge:gymbridge/Remote-v0 --env-kwargs '{"address": "unix:env.sock", "env_id": "CartPole-v1"}'

Discrete actions and flat observations. The update is Schulman et al. 2017 (arXiv:1707.06347), with the details that Huang
et al. 2022, "The 37 Implementation Details of Proximal Policy Optimization", found to matter.
"""

import argparse
import json
import time

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

GAMMA, GAE_LAMBDA, CLIP, ENTROPY_WEIGHT, VALUE_WEIGHT, MAX_NORM = 0.99, 0.95, 0.2, 0.01, 0.5, 0.5
NUM_ENVS, NUM_STEPS, EPOCHS, MINIBATCHES, LEARNING_RATE = 8, 128, 4, 4, 2.5e-4 * 4


def layer(inputs: int, outputs: int, scale: float = 2**0.5) -> nn.Linear:
    """Orthogonal weights, no bias."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, scale)
    nn.init.zeros_(linear.bias)
    return linear


def network(inputs: int, outputs: int, scale: float) -> nn.Module:
    """Two hidden layers of 64 tanh units."""
    return nn.Sequential(layer(inputs, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, outputs, scale))


def train(env_id: str, env_kwargs: dict[str, object], total_steps: int, seed: int) -> list[float]:
    """Trains and gives the return of every episode in the order in which they ended."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    envs = gym.wrappers.vector.RecordEpisodeStatistics(gym.make_vec(env_id, num_envs=NUM_ENVS, **env_kwargs))
    inputs = int(np.prod(envs.single_observation_space.shape))
    actor = network(inputs, int(envs.single_action_space.n), 0.01)
    critic = network(inputs, 1, 1.0)
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, eps=1e-5)
    shape = (NUM_STEPS, NUM_ENVS)
    observations = torch.zeros((*shape, inputs))
    actions, log_probabilities, rewards, values = (torch.zeros(shape) for _ in range(4))
    # Whether the value beyond a step counts, and whether the step is one of the task: the step after an end only resets.
    goes_on, is_real = torch.zeros(shape), torch.zeros(shape)
    returns: list[float] = []
    observation, _ = envs.reset(seed=seed)
    was_end = np.zeros(NUM_ENVS, bool)
    updates = total_steps // (NUM_STEPS * NUM_ENVS)
    for update in range(updates):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - update / updates)
        for step in range(NUM_STEPS):
            observations[step] = torch.as_tensor(observation.reshape(NUM_ENVS, inputs), dtype=torch.float32)
            with torch.no_grad():
                distribution = Categorical(logits=actor(observations[step]))
                chosen = distribution.sample()
                log_probabilities[step] = distribution.log_prob(chosen)
                values[step] = critic(observations[step]).squeeze(-1)
            actions[step] = chosen
            observation, reward, terminated, truncated, infos = envs.step(chosen.numpy())
            rewards[step] = torch.as_tensor(reward)
            goes_on[step] = torch.as_tensor(~terminated)
            is_real[step] = torch.as_tensor(~was_end)
            was_end = terminated | truncated
            if "episode" in infos:
                returns += infos["episode"]["r"][infos["_episode"]].tolist()
        with torch.no_grad():
            last = torch.as_tensor(observation.reshape(NUM_ENVS, inputs), dtype=torch.float32)
            next_values = torch.cat([values[1:], critic(last).T])
            # A dummy step has no error, and nothing flows over it into the episode before.
            errors = (rewards + GAMMA * next_values * goes_on - values) * is_real
            advantages = torch.zeros(shape)
            advantage = torch.zeros(NUM_ENVS)
            for step in reversed(range(NUM_STEPS)):
                advantage = is_real[step] * (errors[step] + GAMMA * GAE_LAMBDA * goes_on[step] * advantage)
                advantages[step] = advantage
            targets = advantages + values
        keep = is_real.flatten().bool().nonzero().squeeze(-1)
        flat = [part.flatten(0, 1) for part in (observations, actions, log_probabilities, advantages, targets)]
        for _ in range(EPOCHS):
            for rows in keep[torch.randperm(len(keep))].chunk(MINIBATCHES):
                inputs_, actions_, old, advantage_, target = (part[rows] for part in flat)
                distribution = Categorical(logits=actor(inputs_))
                ratio = (distribution.log_prob(actions_) - old).exp()
                advantage_ = (advantage_ - advantage_.mean()) / (advantage_.std() + 1e-8)
                surrogate = torch.min(ratio * advantage_, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage_).mean()
                value_loss = ((critic(inputs_).squeeze(-1) - target) ** 2).mean() / 2
                loss = VALUE_WEIGHT * value_loss - surrogate - ENTROPY_WEIGHT * distribution.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, MAX_NORM)
                optimizer.step()
    envs.close()
    return returns


def main() -> None:
    """Trains and prints the returns of the last 100 episodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("env_id")
    parser.add_argument("--env-kwargs", type=json.loads, default={})
    parser.add_argument("--total-steps", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    returns = train(arguments.env_id, arguments.env_kwargs, arguments.total_steps, arguments.seed)
    seconds = time.perf_counter() - started
    last = returns[-100:]
    print(f"{arguments.env_id}: {len(returns)} episodes, the last {len(last)} returned {np.mean(last):.1f} on average")
    print(f"{arguments.total_steps} steps in {seconds:.0f} s; sum of all returns {sum(returns):.1f}")


if __name__ == "__main__":
    main()

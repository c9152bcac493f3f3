"""Records CartPole-v1 as Gymnasium plays it, for CartPoleEnvTest: python record_cartpole.py > cartpole.csv

One line a step: episode's seed, action (-1 for the reset), the four observations as hexadecimal
float32 values read as float64, reward, terminated, truncated.
"""

import gymnasium as gym
import numpy as np

env = gym.make("CartPole-v1")
print("# gymnasium", gym.__version__, "numpy", np.__version__)


def line(seed, action, observation, reward, terminated, truncated):
    numbers = ",".join(repr(float(value)) for value in observation)
    print(f"{seed},{action},{numbers},{reward},{int(terminated)},{int(truncated)}")


for seed in (0, 1, 42, 123456789, 2**32 - 1, 2**40 + 7):
    generator = np.random.default_rng(seed)
    observation, _ = env.reset(seed=seed)
    line(seed, -1, observation, 0.0, False, False)
    done = False
    while not done:
        # Seed 42 balances to the time limit; the others act at random and fall.
        steady = int(observation[2] + 0.3 * observation[3] + 0.02 * observation[0] + 0.06 * observation[1] > 0)
        action = steady if seed == 42 else int(generator.integers(2))
        observation, reward, terminated, truncated, _ = env.step(action)
        line(seed, action, observation, reward, terminated, truncated)
        done = terminated or truncated

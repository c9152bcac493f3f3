"""Records Gymnasium's own trajectories for the tests: python python_reference.py > resources/.../CartPole-v1.csv.

One line a step: episode, initial state (4 numbers, on an episode's first line), action, observation (4), reward,
terminated, truncated.
"""

import gymnasium as gym
import numpy as np

env = gym.make("CartPole-v1")
rng = np.random.default_rng(0)
for episode in range(12):
    observation, _ = env.reset(seed=episode)
    state = env.unwrapped.state
    print("reset," + ",".join(repr(float(x)) for x in state))
    ended = False
    while not ended:
        # Half the episodes are balanced, so that the time limit shows; the others fall.
        balancing = int(observation[2] + 0.5 * observation[3] > 0)
        action = balancing if episode % 2 == 0 else int(rng.integers(2))
        observation, reward, terminated, truncated, _ = env.step(action)
        ended = terminated or truncated
        numbers = [*map(float, observation), float(reward)]
        print(f"{action}," + ",".join(map(repr, numbers)) + f",{int(terminated)},{int(truncated)}")

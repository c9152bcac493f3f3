"""The learners of imitation and of Stable-Baselines3, with the settings that `gymbridge bench learners` gives ours."""

from __future__ import annotations

import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import stable_baselines3
from imitation.algorithms import bc
from imitation.algorithms.adversarial.airl import AIRL
from imitation.algorithms.adversarial.gail import GAIL
from imitation.data.types import Transitions
from imitation.rewards.reward_nets import BasicRewardNet, BasicShapedRewardNet
from imitation.util import logger
from imitation.util.networks import RunningNorm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

SEED = 1
# Gymnasium 0.29.1 knows these by an older version.
IDS = {"HalfCheetah-v5": "HalfCheetah-v4"}
_FOREVER = 10**12
_WARM_UP_PART = 0.2


@dataclass(frozen=True)
class Cell:
    """What is to be measured.

    Args:
        kind: one of `learner_runner.KINDS`.
        env: Gymnasium's id.
        demos: an .npz file of demonstrations, as `gymbridge collect` writes it.
        num_envs: environments that are stepped together.
        rollout_steps: of each environment between two updates.
        batch_size: of PPO, or of Behavioral Cloning.
        epochs: of PPO.
        discriminator_batch_size: of each side.
        discriminator_updates: in a round.
    """

    kind: str
    env: str
    demos: str
    num_envs: int
    rollout_steps: int
    batch_size: int
    epochs: int
    discriminator_batch_size: int
    discriminator_updates: int


class _Enough(Exception):
    """Ends a training that would go on forever."""


class Stopwatch:
    """Counts what is done in `seconds`, after a fifth of these to warm up."""

    def __init__(self, seconds: float) -> None:
        self._begin = time.perf_counter() + seconds * _WARM_UP_PART
        self._end = self._begin + seconds
        self._started: float | None = None
        self._done = 0
        self._cpu = 0.0
        self.per_second = float("nan")
        self.cpu_share = float("nan")

    def done(self, amount: int) -> bool:
        """Notes that so much was done since the last call; whether the time is up."""
        now = time.perf_counter()
        if self._started is None:
            self._started = now if now >= self._begin else None
            self._cpu = time.process_time()
            return False
        self._done += amount
        self.per_second = self._done / (now - self._started)
        self.cpu_share = (time.process_time() - self._cpu) / (now - self._started)
        return now >= self._end


class System(ABC):
    """Opened by its constructor, which takes a `Cell`; measured several times; closed."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.env = make_vec_env(IDS.get(cell.env, cell.env), n_envs=cell.num_envs, seed=SEED)

    @abstractmethod
    def train(self, done: Callable[[int], bool]) -> None:
        """Trains a new policy until `done`, which is told how much was done, says that it is enough."""

    def run(self, seconds: float) -> dict[str, float]:
        """Trains for so long.

        Gives per_second, steps or updates of Behavioral Cloning, and cpu_share: of the time, how much this process had
        a processor for.
        """
        watch = Stopwatch(seconds)
        try:
            self.train(watch.done)
        except _Enough:
            pass
        return {"per_second": watch.per_second, "cpu_share": watch.cpu_share}

    def close(self) -> None:
        """Ends what the system started."""
        self.env.close()

    def ppo(self) -> stable_baselines3.PPO:
        """A generator: Stable-Baselines3's own 64-64 policy."""
        return stable_baselines3.PPO(
            "MlpPolicy",
            self.env,
            n_steps=self.cell.rollout_steps,
            batch_size=self.cell.batch_size,
            n_epochs=self.cell.epochs,
            seed=SEED,
            device="cpu",
        )

    def demonstrations(self) -> Transitions:
        """All transitions of the cell's file."""
        with np.load(self.cell.demos) as arrays:
            obs, acts, lengths = arrays["obs"], arrays["acts"], arrays["ep_lens"]
            ends, terminated = np.cumsum(lengths) - 1, arrays["terminated"]
        before = np.arange(len(acts)) + np.repeat(np.arange(len(lengths)), lengths)
        dones = np.zeros(len(acts), dtype=bool)
        dones[ends] = terminated
        return Transitions(
            obs=obs[before],
            acts=acts,
            infos=np.array([{}] * len(acts)),
            next_obs=obs[before + 1],
            dones=dones,
        )


class _Callback(BaseCallback):
    def __init__(self, done: Callable[[int], bool], steps: int) -> None:
        super().__init__()
        self._steps_of_rollout = steps
        self._tell = done

    def _on_rollout_start(self) -> None:
        if self._tell(self._steps_of_rollout):
            raise _Enough

    def _on_step(self) -> bool:
        return True


class Ppo(System):
    """Stable-Baselines3's PPO."""

    def train(self, done: Callable[[int], bool]) -> None:
        """See `System.train`."""
        steps = self.cell.num_envs * self.cell.rollout_steps
        self.ppo().learn(_FOREVER, callback=_Callback(done, steps))


class Adversarial(System):
    """What GAIL and AIRL have in common."""

    trainer: Any
    reward_net: Any
    reward_net_kwargs: Any

    def train(self, done: Callable[[int], bool]) -> None:
        """See `System.train`."""
        steps = self.cell.num_envs * self.cell.rollout_steps

        def after_round(_: int) -> None:
            if done(steps):
                raise _Enough

        with tempfile.TemporaryDirectory() as folder:
            trainer = self.trainer(
                demonstrations=self.demonstrations(),
                demo_batch_size=self.cell.discriminator_batch_size,
                n_disc_updates_per_round=self.cell.discriminator_updates,
                venv=self.env,
                gen_algo=self.ppo(),
                reward_net=self.reward_net(
                    self.env.observation_space,
                    self.env.action_space,
                    normalize_input_layer=RunningNorm,
                    **self.reward_net_kwargs,
                ),
                # Nothing is written: tables on the screen and in files would cost more.
                custom_logger=logger.configure(folder, []),
                allow_variable_horizon=True,
            )
            trainer.train(_FOREVER, callback=after_round)


class Gail(Adversarial):
    """imitation's GAIL."""

    trainer = GAIL
    reward_net = BasicRewardNet
    reward_net_kwargs = {"hid_sizes": (32, 32)}  # noqa: RUF012


class Airl(Adversarial):
    """imitation's AIRL, with its shaped reward."""

    trainer = AIRL
    reward_net = BasicShapedRewardNet
    reward_net_kwargs = {"reward_hid_sizes": (32, 32), "potential_hid_sizes": (32, 32)}  # noqa: RUF012


class Cloning(System):
    """imitation's Behavioral Cloning, with its own 32-32 policy."""

    def train(self, done: Callable[[int], bool]) -> None:
        """See `System.train`."""

        def after_batch() -> None:
            if done(1):
                raise _Enough

        with tempfile.TemporaryDirectory() as folder:
            bc.BC(
                observation_space=self.env.observation_space,
                action_space=self.env.action_space,
                rng=np.random.default_rng(SEED),
                demonstrations=self.demonstrations(),
                batch_size=self.cell.batch_size,
                custom_logger=logger.configure(folder, []),
                device="cpu",
            ).train(n_batches=_FOREVER, on_batch_end=after_batch, progress_bar=False)

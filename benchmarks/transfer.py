"""Whether a learned reward is worth something where the dynamics are others.

    $(scripts/python-env) benchmarks/transfer.py maze [--seeds 0,1,2] [--work DIR]
    $(scripts/python-env) benchmarks/transfer.py cheetah --demos FILE.npz [--seeds 0,1,2] [--work DIR]

With each seed GAIL, AIRL with a reward of state and action, and AIRL with a reward of the state alone learn at home.
Elsewhere, where the dynamics are others, PPO learns by each of AIRL's rewards and by the true one. All policies are
played elsewhere, 20 episodes, likeliest actions; the imitators' as they are. All returns are the task's own.

- maze: PointMaze with its gap on the left, and elsewhere on the right. Everybody learns from episodes that begin
  anywhere, and is played from below the wall. The demonstrations are of a PPO expert that is trained first.
- cheetah: HalfCheetah-v5, and elsewhere with a weak motor in the front leg's thigh and shin
  (docs/python-environments.md). FILE has an expert's trajectories.

What has been run is kept in DIR and not run again; an interrupted training goes on. The tables of
benchmarks/transfer.md are printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CHEETAH = "HalfCheetah-v5"
MAZE = ["--env", "gymbridge/PointMaze-v0", "--env-arg", "velocity=false"]
GAP_LEFT = [*MAZE, "--env-arg", "gap=left", "--env-arg", "start=anywhere"]
GAP_RIGHT = [*MAZE, "--env-arg", "gap=right"]


@dataclass(frozen=True)
class Task:
    """Options of the commands: environments at home, elsewhere to learn in and to be played in, and the learners'."""

    home: list[str]
    elsewhere: list[str]
    played: list[str]
    imitators: dict[str, list[str]]
    ppo: list[str]
    # Of the PPO that demonstrates, where no demonstrations are given.
    expert: list[str]


_MAZE_AIRL = ["airl", "--preset", "PointMaze-v0"]
_MAZE_PPO = ["--preset", "PointMaze-v0"]
_LAME = ["--env", "gymbridge.dynamics:half_cheetah_disabled"]
TASKS = {
    "maze": Task(
        home=GAP_LEFT,
        elsewhere=[*GAP_RIGHT, "--env-arg", "start=anywhere"],
        played=GAP_RIGHT,
        imitators={
            "gail": ["gail", "--steps", "1000000", "--set", "reward=logit", "--set", "batchSize=256"],
            "airl": [*_MAZE_AIRL, "--set", "stateOnly=false"],
            "airl-state": _MAZE_AIRL,
        },
        ppo=_MAZE_PPO,
        expert=_MAZE_PPO,
    ),
    "cheetah": Task(
        home=["--env", CHEETAH],
        elsewhere=_LAME,
        played=_LAME,
        imitators={
            "gail": ["gail", "--preset", CHEETAH],
            "airl": ["airl", "--preset", CHEETAH],
            "airl-state": ["airl", "--preset", f"{CHEETAH}-state-only"],
        },
        ppo=["--preset", CHEETAH, "--steps", "700000"],
        expert=[],
    ),
}
# The rows: label, and the policy that is played.
ROWS = {
    "PPO, true reward": "ppo-true",
    "PPO, AIRL's reward of the state": "ppo-airl-state",
    "PPO, AIRL's reward of state and action": "ppo-airl",
    "GAIL's policy as it is": "gail",
    "AIRL's policy as it is": "airl",
    "AIRL's policy as it is, reward of the state": "airl-state",
    "random actions": "random",
    "at home: GAIL": "gail-home",
    "at home: AIRL, reward of state and action": "airl-home",
    "at home: AIRL, reward of the state": "airl-state-home",
}


def run(name: str, work: Path, *arguments: str) -> dict[str, Any]:
    """The result of a gymbridge command, which is run unless it was before, with the same arguments."""
    result = work / f"{name}.json"
    asked = work / f"{name}.command"
    said = shlex.join(arguments)
    if asked.exists() and asked.read_text() != said:
        sys.exit(f"{result} was asked for by: {asked.read_text()}\nand now by: {said}\nName another --work.")
    asked.write_text(said)
    if not result.exists():
        print(name, flush=True)
        unfinished = work / f"{name}.unfinished"
        with (work / f"{name}.log").open("w") as log:
            command = [str(ROOT / "gymbridge"), *arguments, "--json", str(unfinished)]
            subprocess.run(command, check=True, stdout=log, stderr=log)
        # With it all other outputs are there as well.
        unfinished.rename(result)
    return dict(json.loads(result.read_text()))


def train(name: str, work: Path, *arguments: str) -> Path:
    """The policy of a training."""
    policy = work / f"{name}.zip"
    kept = ["--checkpoints", str(work / name), "--checkpoint-episodes", "0", "--resume"]
    run(name, work, "train", *arguments, "--out", str(policy), *kept)
    return policy


def demonstrations(task: Task, work: Path) -> Path:
    """50 episodes of an expert of our own, with sampled actions."""
    demos = work / "demos.npz"
    if not demos.exists():
        expert = train("expert", work, "ppo", *task.home, *task.expert, "--seed", "10")
        options = ["--episodes", "50", "--stochastic", "--seed", "10", "--out", str(demos)]
        subprocess.run([str(ROOT / "gymbridge"), "collect", *task.home, "--expert", str(expert), *options], check=True)
    return demos


def measure(task: Task, demos: Path, seed: int, work: Path) -> dict[str, dict[str, Any]]:
    """What each policy of a seed is worth elsewhere."""
    seeded = ["--seed", str(seed)]
    policies = {}
    rewards: dict[str, list[str]] = {"ppo-true": []}
    for name, options in task.imitators.items():
        reward = work / f"{name}-{seed}-reward.zip"
        paid = ["--demos", str(demos), "--reward-out", str(reward)]
        policies[name] = train(f"{name}-{seed}", work, *options, *task.home, *seeded, *paid)
        if name.startswith("airl"):
            rewards[f"ppo-{name}"] = ["--reward", str(reward)]
    for name, paid in rewards.items():
        policies[name] = train(f"{name}-{seed}", work, "ppo", *task.elsewhere, *task.ppo, *seeded, *paid)
    played = {name: (task.played, policy) for name, policy in policies.items()}
    played |= {f"{name}-home": (task.home, policies[name]) for name in task.imitators}
    played["random"] = task.played, Path("random")
    return {
        name: run(f"play-{name}-{seed}", work, "evaluate", *where, "--policy", str(policy), "--seed", "1000")
        for name, (where, policy) in played.items()
    }


def table(runs: dict[int, dict[str, dict[str, Any]]]) -> str:
    """The results as Markdown: each seed, and their mean."""
    lines = ["| |" + "".join(f" seed {seed} |" for seed in runs) + " mean |"]
    lines += ["|---" * (len(runs) + 2) + "|"]
    for label, name in ROWS.items():
        cells = [f" {run[name]['return_mean']:.5g} ± {run[name]['return_sd']:.2g} |" for run in runs.values()]
        mean = statistics.mean(run[name]["return_mean"] for run in runs.values())
        lines.append(f"| {label} |" + "".join(cells) + f" {mean:.5g} |")
    return "\n".join(lines)


def numbers(text: str) -> list[int]:
    """Of `--seeds`."""
    return [int(number) for number in text.split(",")]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--demos", type=Path, metavar="FILE", help="for cheetah; the maze has its own")
    parser.add_argument("--seeds", type=numbers, default=[0, 1, 2], metavar="N,N,...", help="default: 0,1,2")
    parser.add_argument("--work", type=Path, help="default: build/transfer/TASK")
    arguments = parser.parse_args()
    task = TASKS[arguments.task]
    if (arguments.demos is None) != bool(task.expert):
        parser.error("cheetah wants --demos FILE.npz, an expert's trajectories; the maze makes its own")
    if arguments.demos is not None and not arguments.demos.is_file():
        parser.error(f"there is no file {arguments.demos}")
    work = arguments.work or ROOT / "build" / "transfer" / arguments.task
    work.mkdir(parents=True, exist_ok=True)
    demos = arguments.demos or demonstrations(task, work)
    begun = work / "demos.sha256"
    digest = hashlib.sha256(demos.read_bytes()).hexdigest()
    if begun.exists() and begun.read_text() != digest:
        parser.error(f"{work} has results of other demonstrations than {demos}: name another --work")
    begun.write_text(digest)
    print(table({seed: measure(task, demos, seed, work) for seed in arguments.seeds}))


if __name__ == "__main__":
    main()

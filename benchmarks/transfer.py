"""A reward that AIRL learned in PointMaze with its gap on the left, taken to the one with its gap on the right.

    $(scripts/python-env) benchmarks/transfer.py [--seeds 0,1,2] [--start below] [--work DIR]

One expert, PPO with an entropy bonus, records demonstrations with the gap on the left. For each seed AIRL with a
state-only reward, AIRL with a state-action reward and GAIL learn from them there. With the gap on the right PPO learns
from each of the two rewards, frozen, and from the true reward; GAIL's policy is carried over as it is. All are
scored by the environment's own reward on the same episodes. Results go to benchmarks/transfer.json; what was trained
stays in --work and is not trained again; the table of benchmarks/transfer.md is printed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GYMBRIDGE = str(ROOT / "gymbridge")
MAZE = "gymbridge/PointMaze-v0"
EPISODES = 100
STEPS = "300000"
ADVERSARIAL = ("absorbing=false", "batchSize=256", "discriminatorUpdates=60", "replay=50000")
GENERATOR = ("entropyWeight=0.03", "batchSize=256")
LEARNERS = {
    "AIRL, state-only": ("airl", (*ADVERSARIAL, "stateOnly=true")),
    "AIRL, state-action": ("airl", (*ADVERSARIAL, "stateOnly=false")),
    "GAIL": ("gail", (*ADVERSARIAL, "reward=logit")),
}


class Mazes:
    """Runs gymbridge commands in the maze, and keeps what they make."""

    def __init__(self, work: Path, start: str) -> None:
        self.work = work
        self.start = start

    def run(self, name: str, gap: str, *command: str, out: str = "zip", settings: tuple[str, ...] = ()) -> Path:
        """What the command writes with --out, made once."""
        made = self.work / f"{name}.{out}"
        if not made.exists():
            unfinished = made.with_name(f"unfinished-{made.name}")
            chosen = [part for setting in settings for part in ("--set", setting)]
            self.call(*command, *self.where(gap), *chosen, "--out", str(unfinished))
            unfinished.rename(made)
        return made

    def score(self, name: str, gap: str, policy: str) -> list[float]:
        """Returns of the deterministic policy by the environment's own reward."""
        made = self.work / f"{name}-{gap}.json"
        if not made.exists():
            self.call(
                *("evaluate", "--policy", policy, *self.where(gap), "--seed", "1000"),
                *("--episodes", str(EPISODES), "--json", str(made)),
            )
        return [float(value) for value in json.loads(made.read_text())["returns"]]

    def where(self, gap: str) -> list[str]:
        """Options that name the maze."""
        return ["--env", MAZE, "--env-arg", f"gap={gap}", "--env-arg", f"start={self.start}"]

    def call(self, *command: str) -> None:
        """Runs a command, which has to succeed."""
        print("gymbridge", *command, flush=True)
        subprocess.run([GYMBRIDGE, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(mazes: Mazes, seed: int, demos: Path) -> dict[str, Any]:
    """Mean returns of everything with one seed: with the gap on the left, where it learned, and on the right."""
    common = ["--seed", str(seed), "--steps", STEPS]
    row: dict[str, Any] = {"seed": seed}
    true = mazes.run(f"ppo-{seed}", "right", "train", "ppo", *common, settings=GENERATOR)
    row["PPO, true reward"] = {"right": statistics.fmean(mazes.score(f"ppo-{seed}", "right", str(true)))}
    for title, (algorithm, settings) in LEARNERS.items():
        name = f"{title.lower().replace(', ', '-')}-{seed}"
        reward = mazes.work / f"{name}-reward.zip"
        policy = mazes.run(
            name,
            "left",
            *("train", algorithm, *common, "--demos", str(demos), "--reward-out", str(reward)),
            settings=settings,
        )
        left = mazes.score(name, "left", str(policy))
        if algorithm == "airl":
            name = f"{name}-transferred"
            policy = mazes.run(name, "right", "transfer", *common, "--reward", str(reward), settings=GENERATOR)
        right = mazes.score(name, "right", str(policy))
        row[title] = {"left": statistics.fmean(left), "right": statistics.fmean(right)}
    return row


def interval(values: list[float]) -> tuple[float, float]:
    """95 % of the means of the seeds, drawn with replacement."""
    draw = random.Random(0)
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(5000))
    return means[len(means) // 40], means[-1 - len(means) // 40]


def table(rows: list[dict[str, Any]], chance: float) -> str:
    """The results as Markdown; normalised is 0 for random actions and 1 for PPO on the true reward."""
    best = statistics.fmean(row["PPO, true reward"]["right"] for row in rows)
    seeds = [f"seed {row['seed']}" for row in rows]
    lines = ["| | " + " | ".join([*seeds, "mean", "normalised", "95 % interval", "gap left, where it learned"]) + " |"]
    lines += ["|---" * (len(seeds) + 5) + "|"]
    for title in ("PPO, true reward", *LEARNERS):
        right = [row[title]["right"] for row in rows]
        scores = [(value - chance) / (best - chance) for value in right]
        low, high = interval(scores)
        left = "" if "left" not in rows[0][title] else ", ".join(f"{row[title]['left']:.1f}" for row in rows)
        figures = [*(f"{value:.1f}" for value in right), f"{statistics.fmean(right):.1f}"]
        figures += [f"{statistics.fmean(scores):.2f}", f"{low:.2f} … {high:.2f}", left]
        lines.append(f"| {title} | {' | '.join(figures)} |")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--start", default="anywhere", choices=("anywhere", "below"))
    parser.add_argument("--work", type=Path, help="keep what is trained there; by default in a temporary folder")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "transfer.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        mazes = Mazes(work, arguments.start)
        expert = mazes.run(
            *("expert", "left", "train", "ppo", "--seed", "10", "--steps", STEPS),
            settings=("entropyWeight=0.1", "batchSize=256"),
        )
        demos = mazes.run(
            *("demos", "left", "collect", "--expert", str(expert), "--episodes", "100", "--stochastic", "--seed", "10"),
            out="npz",
        )
        chance = statistics.fmean(mazes.score("random", "right", "random"))
        rows = []
        for seed in (int(number) for number in arguments.seeds.split(",")):
            rows.append(measure(mazes, seed, demos))
            result = {"start": arguments.start, "episodes": EPISODES, "random": chance, "seeds": rows}
            arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"random actions: {chance:.1f}")
    print(table(rows, chance))


if __name__ == "__main__":
    main()

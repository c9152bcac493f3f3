"""Whether a learned reward is worth something where the dynamics are others: HalfCheetah with a disabled front leg.

    $(scripts/python-env) benchmarks/transfer.py --demos FILE.npz [--seeds 0,1,2] [--work DIR]

FILE has an expert's trajectories on HalfCheetah-v5. With each seed GAIL, AIRL with a reward of state and action, and
AIRL with a linear reward of the state alone learn on HalfCheetah-v5. Then, with a weak motor in the front leg's thigh
and shin (docs/python-environments.md), PPO learns by each of AIRL's rewards and by the true one, and the imitators'
policies are played as they are. All returns are the task's own. What has been run is kept in DIR and not run again;
an interrupted training goes on. The table of benchmarks/transfer.md is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "HalfCheetah-v5"
TARGET = "gymbridge.dynamics:half_cheetah_disabled"
STEPS = "700000"
# What learns on the task itself: algorithm and preset.
IMITATORS = {
    "gail": ("gail", SOURCE),
    "airl": ("airl", SOURCE),
    "airl-state": ("airl", f"{SOURCE}-state-only"),
}
# The rows: label, and the training or evaluation whose result it is.
ROWS = {
    "PPO, true reward": "ppo-true",
    "PPO, AIRL's reward of the state": "ppo-airl-state",
    "PPO, AIRL's reward of state and action": "ppo-airl",
    "GAIL's policy as it is": "play-gail",
    "AIRL's policy as it is": "play-airl",
}


def run(name: str, work: Path, *arguments: str) -> dict[str, Any]:
    """The result of a gymbridge command, which is run unless it was before."""
    result = work / f"{name}.json"
    if not result.exists():
        print(name, flush=True)
        log = (work / f"{name}.log").open("w")
        with log:
            command = [str(ROOT / "gymbridge"), *arguments, "--json", str(result)]
            subprocess.run(command, check=True, stdout=log, stderr=log)
    return dict(json.loads(result.read_text()))


def train(name: str, work: Path, *arguments: str) -> dict[str, Any]:
    """The result of a training, with its policy in NAME.zip."""
    kept = ["--checkpoints", str(work / name), "--checkpoint-episodes", "0", "--resume"]
    return run(name, work, "train", *arguments, "--out", str(work / f"{name}.zip"), *kept)


def measure(demos: Path, seed: int, work: Path) -> dict[str, dict[str, Any]]:
    """All results with one seed, by their names."""
    results = {}
    for name, (algorithm, preset) in IMITATORS.items():
        learned = work / f"{name}-{seed}"
        common = ["--env", SOURCE, "--preset", preset, "--demos", str(demos), "--seed", str(seed)]
        train(learned.name, work, algorithm, *common, "--reward-out", f"{learned}-reward.zip")
        if name != "airl-state":
            played = ["evaluate", "--env", TARGET, "--policy", f"{learned}.zip", "--seed", "1000"]
            results[f"play-{name}"] = run(f"play-{name}-{seed}", work, *played)
    paid = {"true": [], "airl": ["--reward", f"{work}/airl-{seed}-reward.zip"]}
    paid["airl-state"] = ["--reward", f"{work}/airl-state-{seed}-reward.zip"]
    for name, reward in paid.items():
        settings = ["--preset", SOURCE, "--steps", STEPS, "--seed", str(seed)]
        results[f"ppo-{name}"] = train(f"ppo-{name}-{seed}", work, "ppo", "--env", TARGET, *settings, *reward)
    return results


def table(runs: dict[int, dict[str, dict[str, Any]]]) -> str:
    """The results as Markdown: each seed, their mean, and that beside PPO's on the true reward."""
    lines = ["| |" + "".join(f" seed {seed} |" for seed in runs) + " mean | of PPO, true reward |"]
    lines += ["|---" * (len(runs) + 3) + "|"]
    best = statistics.mean(run["ppo-true"]["return_mean"] for run in runs.values())
    for label, name in ROWS.items():
        cells = [f" {run[name]['return_mean']:.0f} ± {run[name]['return_sd']:.0f} |" for run in runs.values()]
        mean = statistics.mean(run[name]["return_mean"] for run in runs.values())
        lines.append(f"| {label} |" + "".join(cells) + f" {mean:.0f} | {mean / best:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demos", type=Path, required=True, metavar="FILE")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "transfer")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    begun = arguments.work / "demos.sha256"
    digest = hashlib.sha256(arguments.demos.read_bytes()).hexdigest()
    if any(arguments.work.glob("*.json")) and (not begun.exists() or begun.read_text() != digest):
        parser.error(f"{arguments.work} has results of other demonstrations than {arguments.demos}: name another --work")
    begun.write_text(digest)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    print(table({seed: measure(arguments.demos, seed, arguments.work) for seed in seeds}))


if __name__ == "__main__":
    main()

"""DAgger and Behavioral Cloning beside published experts, through the bridge: every seed, the final policy.

    $(scripts/python-env) benchmarks/dagger.py --policies DIR [--tasks HalfCheetah-v5,Hopper-v5] [--gated]

DIR holds the published experts as `benchmarks/convert_policy.py` reads them. For each task it serves the environment and
the expert from Python, records one demonstration episode, keeps each 20th transition of it, and trains from Java; the
results go to benchmarks/dagger.json; the table of benchmarks/dagger.md is printed. With --gated DAgger runs once
more with each seed, and asks only where three networks disagree.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GYMBRIDGE = str(ROOT / "gymbridge")
EPISODES = 20
SUBSAMPLE = 20
TASKS = {
    # task: (expert's file, rounds, episodes a round)
    "HalfCheetah-v5": ("gail_HalfCheetah-v1.npz", 25, 4),
    "Hopper-v5": ("gail_Hopper-v1.npz", 25, 4),
    "CartPole-v1": ("sb3_ppo_CartPole-v1.npz", 10, 4),
}

VARIANTS: dict[str, list[str]] = {"dagger": [], "gated": ["ensemble=3"]}


def serve(folder: Path, kind: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Starts a Python server and waits until it listens."""
    command = [sys.executable, "-m", "gymbridge", kind, *arguments, "--exit-with-stdin"]
    command += ["--address", f"unix:{folder / kind}.sock"]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    ready = server.stdout.readline()
    if "listening on " not in ready:
        raise SystemExit(f"{' '.join(command)} did not start")
    return server, ready.split("listening on ")[1].strip()


def run(*arguments: str, result: Path | None = None) -> dict[str, Any]:
    """Runs a gymbridge command; what it wrote as JSON."""
    command = [GYMBRIDGE, *arguments] + ([] if result is None else ["--json", str(result)])
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {} if result is None else dict(json.loads(result.read_text()))


def measure(task: str, policies: Path, seeds: list[int], folder: Path, gated: bool) -> dict[str, Any]:
    """The expert, and all learners with every seed."""
    file, rounds, episodes = TASKS[task]
    expert_file = folder / f"{task}.npz"
    converter = ROOT / "benchmarks" / "convert_policy.py"
    subprocess.run([sys.executable, str(converter), str(policies / file), str(expert_file)], check=True)
    environments, address = serve(folder, "serve-env", task, "--num-envs", "8", "--workers", "2")
    experts, expert = serve(folder, "serve-policy", str(expert_file), "--env", task)
    where = ["--env", task, "--env-address", address]
    try:
        result = folder / "result.json"
        reference = run(
            "evaluate", "--policy", expert, *where, "--episodes", str(EPISODES), "--seed", "1000", result=result
        )
        runs = []
        for seed in seeds:
            demos, out = folder / f"demos{seed}.npz", folder / "policy.zip"
            run("collect", *where, "--expert", expert, "--episodes", "1", "--seed", str(seed), "--out", str(demos))
            common = [*where, "--demos", str(demos), "--subsample", str(SUBSAMPLE), "--seed", str(seed)]
            common += ["--out", str(out), "--episodes", str(EPISODES)]
            cloned = run("train", "bc", *common, result=result)
            row: dict[str, Any] = {"seed": seed, "bc": cloned}
            for variant, settings in VARIANTS.items():
                if variant == "dagger" or gated:
                    setting = [part for value in (f"rounds={rounds}", f"episodesPerRound={episodes}", *settings)
                               for part in ("--set", value)]  # fmt: skip
                    start = time.monotonic()
                    row[variant] = run("train", "dagger", *common, "--expert", expert, *setting, result=result)
                    row[f"{variant}_seconds"] = time.monotonic() - start
                    row[f"{variant}_of_expert"] = row[variant]["return_mean"] / reference["return_mean"]
            print(task, json.dumps(row), flush=True)
            runs.append(row)
    finally:
        for server in (environments, experts):
            server.terminate()
            server.wait()
    return {"task": task, "expert_file": file, "rounds": rounds, "episodes": episodes, "expert": reference, "runs": runs}


def table(results: list[dict[str, Any]]) -> str:
    """The results as Markdown."""
    lines = ["| environment | expert | seed | BC | DAgger | DAgger / expert | queries | time |"]
    lines += ["|---" * 8 + "|"]
    for result in results:
        for row in result["runs"]:
            for variant in VARIANTS:
                if variant not in row:
                    continue
                figures = (result["expert"], row["bc"], row[variant])
                expert, cloned, dagger = (f"{f['return_mean']:.0f} ± {f['return_sd']:.0f}" for f in figures)
                gated = "" if variant == "dagger" else ", gated"
                lines.append(
                    f"| {result['task']}{gated} | {expert} | {row['seed']} | {cloned} | {dagger} "
                    f"| {row[f'{variant}_of_expert']:.3f} | {row[variant]['queries']} "
                    f"| {row[f'{variant}_seconds']:.0f} s |"
                )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policies", type=Path, required=True, metavar="DIR")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--gated", action="store_true", help="DAgger once more, asking where an ensemble disagrees")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "dagger.json")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for task in arguments.tasks.split(","):
            results.append(measure(task, arguments.policies, seeds, Path(folder), arguments.gated))
            arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()

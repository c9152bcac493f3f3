"""Compares environments that run in a server with the same ones in this process, at length: equality.py ADDRESS [ID …]

    python -m gymbridge serve-env $(python benchmarks/equality.py --list) --max-sessions 16 --workers 1 \\
        --address unix:env.sock

with python-shim/tests on the PYTHONPATH of both, which has the comparisons and three small environments. For each
environment: Gymnasium's check_env, with no warning that the local environment does not give; its
check_environments_match over 1000 steps; and 20 seeds, each with 100 steps and unseeded resets in between, compared bit
for bit with the types of everything. Fails where anything differs.
"""

import argparse
import time

import comparisons

import gymbridge
from gymbridge.env.factory import find_factory


def compare(address: str, env_id: str, steps: int, seeds: int) -> list[str]:
    """A word for each comparison: "same", or what differs."""
    results = []
    local = comparisons.make_local(env_id)
    with gymbridge.RemoteEnv(address, env_id) as remote:
        checks = (
            lambda: _check_env(remote, env_id),
            lambda: comparisons.check_spaces(local, remote),
            lambda: comparisons.check_match(local, remote, steps),
            lambda: comparisons.check_seeds(local, remote, range(seeds), 100),
        )
        for check in checks:
            try:
                check()
                results.append("same")
            except AssertionError as error:
                results.append(str(error) or "differs")
    local.close()
    return results


def _check_env(remote: gymbridge.RemoteEnv, env_id: str) -> None:
    local = find_factory(env_id)().unwrapped
    more = comparisons.warnings_of_check_env(remote, True) - comparisons.warnings_of_check_env(local, True)
    assert not more, f"warns: {more}"


def main() -> None:
    """Prints a table, a line for each environment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the ids and end")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("address", nargs="?")
    parser.add_argument("ids", nargs="*", default=comparisons.ALL)
    arguments = parser.parse_args()
    if arguments.list or arguments.address is None:
        print(*comparisons.ALL)
        return
    print(f"{'environment':<28}{'check_env':<11}{'spaces':<8}{'match':<7}{'seeds':<7}seconds")
    different = 0
    for env_id in arguments.ids:
        started = time.perf_counter()
        results = compare(arguments.address, env_id, arguments.steps, arguments.seeds)
        seconds = time.perf_counter() - started
        words = ["same" if result == "same" else "DIFF" for result in results]
        print(f"{env_id:<28}{words[0]:<11}{words[1]:<8}{words[2]:<7}{words[3]:<7}{seconds:7.1f}", flush=True)
        for result in results:
            if result != "same":
                different += 1
                print(f"    {result[:1000]}")
    if different:
        raise SystemExit(f"{different} comparisons differ")
    print(f"{len(arguments.ids)} environments, no difference")


if __name__ == "__main__":
    main()

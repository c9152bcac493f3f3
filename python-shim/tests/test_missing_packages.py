"""A Python that lacks a package: the message says how to install it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run_without(package: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command where importing the package fails as if it were not there."""
    (folder / f"{package}.py").write_text(f"raise ModuleNotFoundError('No module named {package}', name='{package}')\n")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "gymbridge", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("package", ["grpc", "gymnasium"])
def test_a_missing_package_is_named_with_the_pip_line(package: str, tmp_path: Path) -> None:
    done = run_without(package, tmp_path, "serve-env", "CartPole-v1", "--address", f"unix:{tmp_path}/s.sock")
    assert done.returncode == 2
    assert package in done.stderr
    assert "python -m pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_mujoco_is_named_with_its_extra(tmp_path: Path) -> None:
    done = run_without("mujoco", tmp_path, "serve-env", "HalfCheetah-v5", "--address", f"unix:{tmp_path}/s.sock")
    assert done.returncode == 2
    assert 'pip install "gymnasium[mujoco]"' in done.stderr

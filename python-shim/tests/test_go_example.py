"""The client in Go under examples/go, generated from the published .proto files: it drives and it acts."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

import gymbridge

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "go"

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = tmp_path_factory.mktemp("go") / "gymbridge-go"
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=EXAMPLE, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return program


def test_go_drives_an_environment(program, server):
    command = [program, "drive", "-address", server.address, "-env", "CartPole-v1", "-episodes", "3"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert played.returncode == 0, played.stderr
    assert played.stdout.splitlines()[-1] == "mean return 500"


def test_go_acts_with_a_served_policy(program, server, start, tmp_path):
    (tmp_path / "left.py").write_text("import numpy as np\n\ndef act(o):\n    return np.zeros(len(o), np.int64)\n")
    policy = start("serve-policy", f"{tmp_path}/left.py:act", "--env", "CartPole-v1", "--address", "unix:policy.sock")
    command = [program, "drive", "-address", server.address, "-episodes", "2", "-policy-address", policy.address]
    played = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert played.returncode == 0, played.stderr
    # Always to the left: the pole falls within about ten steps.
    assert 8 <= float(played.stdout.splitlines()[-1].removeprefix("mean return ")) <= 12


def test_go_says_what_is_wrong(program, server):
    command = [program, "drive", "-address", server.address, "-env", "CartPole-v11"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert played.returncode == 1
    assert "CartPole-v1" in played.stderr


def test_go_acts_as_an_expert(program, server, tmp_path):
    command = [program, "expert", "-address", f"unix:{tmp_path}/go.sock", "-env-address", server.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as expert:
        try:
            address = expert.stdout.readline().strip().removeprefix("gymbridge: listening on ")
            with gymbridge.RemotePolicy(address, "balance") as policy:
                assert policy.action_space == spaces.Discrete(2)
                falling_right = np.array([0, 0, 0.1, 0], np.float32)
                actions, _ = policy.predict(np.stack([falling_right, -falling_right]))
                assert actions.tolist() == [1, 0]
        finally:
            expert.terminate()
    assert not (tmp_path / "go.sock").exists()

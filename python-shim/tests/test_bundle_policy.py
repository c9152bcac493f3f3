"""Bundles that act in process: those of the learners, and other people's graphs from testdata/onnx."""

import contextlib
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import bundles
import numpy as np
import pytest
from gymnasium import spaces

import gymbridge

GRAPHS = Path(__file__).parents[2] / "testdata" / "onnx"
TORQUE = spaces.Box(-2, 2, (1,), np.float32)


def box(size, low=-9.0, high=9.0):
    return spaces.Box(low, high, (size,), np.float32)


def write(path, graph, observation_space, action_space, observations, actions, signature, stochastic=False):
    model = (GRAPHS / graph).read_bytes()
    golden = (
        {key: bundles.array_json(value) for key, value in observations.items()}
        if isinstance(observations, dict)
        else None
    )
    manifest = {
        "format": 1,
        "name": graph,
        "algorithm": "imported",
        "environment": "",
        "observation_space": bundles.space_json(observation_space),
        "action_space": bundles.space_json(action_space),
        "stochastic": stochastic,
        "network": {},
        "provenance": {},
        "signature": signature,
        "golden": {"observations": golden or bundles.array_json(observations), "actions": bundles.array_json(actions)},
        "sha256": {"policy.onnx": hashlib.sha256(model).hexdigest()},
    }
    path.write_bytes(bundles.zipped({"manifest.json": json.dumps(manifest).encode(), "policy.onnx": model}))
    return path


def recorded(name):
    steps = json.loads((GRAPHS / "sb3.json").read_text())[name]
    return np.array(steps["observations"], np.float32), np.array(steps["actions"], np.float32)


def sb3(path, name):
    observations, actions = recorded(name)
    if name in ("sb3-ppo", "sb3-dqn"):
        outputs = {"actions": "actions", "value": "values"} if name == "sb3-ppo" else {"q_values": "13"}
        signature = {"inputs": {"": "input"}, "outputs": outputs}
        actions = actions[:, 0].astype(np.int64)
        return write(path, f"{name}.onnx", box(4), spaces.Discrete(2), observations, actions, signature)
    if name == "sb3-sac":
        signature = {"inputs": {"": "input"}, "outputs": {"actions": "16"}, "rescale": True}
    else:
        states = [
            {"input": part, "output": f"{part}_next", "batch_axis": 1} for part in ("h_pi", "c_pi", "h_vf", "c_vf")
        ]
        signature = {"inputs": {"": "observation"}, "outputs": {"actions": "actions"}, "states": states}
    return write(path, f"{name}.onnx", box(3), TORQUE, observations, actions, signature)


@pytest.mark.parametrize("action_space", [TORQUE, spaces.Discrete(3), spaces.MultiDiscrete([2, 3])])
def test_bundles_of_the_learners_act_without_onnx_runtime(tmp_path, monkeypatch, action_space):
    path = tmp_path / "policy.zip"
    path.write_bytes(bundles.policy_for(box(5), action_space))
    with zipfile.ZipFile(path) as file:
        model = file.read("policy.onnx")
    observations = np.random.default_rng(0).normal(0, 1, (6, 5)).astype(np.float32)
    (expected,) = bundles.run_model(model, observations, "actions")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with gymbridge.BundlePolicy(path, seed=1) as policy:
        assert policy.stochastic
        assert policy.version == hashlib.sha256(model).hexdigest()[:12]
        actions, state = policy.predict(observations)
        assert state is None
        np.testing.assert_allclose(actions, expected, atol=1e-5)
        np.testing.assert_allclose(policy.predict(observations[2])[0], expected[2], atol=1e-5)
        drawn = policy.predict(observations, deterministic=False)[0]
        assert all(action_space.contains(action) for action in drawn)
        assert (drawn == gymbridge.BundlePolicy(path, seed=1).predict(observations, deterministic=False)[0]).all()
        with pytest.raises(ValueError, match="expected \\(5,\\) or"):
            policy.predict(observations[:, :4])
        with pytest.raises(ValueError, match="NaN"):
            policy.predict(np.full(5, np.nan, np.float32), deterministic=False)


@pytest.mark.parametrize("name", ["sb3-ppo", "sb3-dqn", "sb3-sac", "sb3-lstm"])
def test_exports_of_stable_baselines3_act_as_they_do_there(tmp_path, name):
    policy = gymbridge.BundlePolicy(sb3(tmp_path / "policy.zip", name))
    observations, expected = recorded(name)
    state = None
    for observation, wanted in zip(observations, expected, strict=True):
        action, state = policy.predict(observation, state)
        assert policy.action_space.contains(action) or isinstance(policy.action_space, spaces.Discrete)
        np.testing.assert_allclose(np.ravel(action), wanted, atol=1e-5)
    if name != "sb3-lstm":
        np.testing.assert_allclose(policy.predict(observations)[0].reshape(expected.shape), expected, atol=1e-5)


def test_recurrent_episodes_keep_their_own_state_and_begin_anew(tmp_path):
    policy = gymbridge.BundlePolicy(sb3(tmp_path / "policy.zip", "sb3-lstm"))
    observations, _ = recorded("sb3-lstm")
    _, once = policy.predict(observations[:3])
    again, after = policy.predict(observations[3:6], once, episode_start=[False, True, False])
    alone, _ = policy.predict(observations[4])
    np.testing.assert_allclose(again[1], alone, atol=1e-6)
    third, _ = policy.predict(observations[5], {name: array[2:3] for name, array in once.items()})
    np.testing.assert_allclose(again[2], third, atol=1e-6)
    assert set(after) == {"h_pi", "c_pi", "h_vf", "c_vf"}
    with pytest.raises(ValueError, match="expected \\(1, 1, 8\\)"):
        policy.predict(observations[0], once)


def test_dict_and_masks(tmp_path):
    space = spaces.Dict({"pose": spaces.Box(-1, 1, (2,), np.float64), "image": spaces.Box(0, 255, (4, 4, 1), np.uint8)})
    space.seed(0)
    members = [space.sample() for _ in range(8)]
    batch = {name: np.stack([member[name] for member in members]) for name in space.spaces}
    import onnxruntime

    session = onnxruntime.InferenceSession((GRAPHS / "pixels.onnx").read_bytes())
    floats = {"camera": batch["image"].astype(np.float32), "pose": batch["pose"].astype(np.float32)}
    scores = session.run(["scores"], floats)[0]
    signature = {"inputs": {"image": "camera", "pose": "pose"}, "outputs": {"logits": "scores"}}
    best = scores.argmax(axis=1)
    path = write(
        tmp_path / "policy.zip", "pixels.onnx", space, spaces.Discrete(3), batch, best, signature, stochastic=True
    )
    policy = gymbridge.BundlePolicy(path, seed=0)
    assert policy.stochastic
    assert (policy.predict(batch)[0] == best).all()
    assert policy.predict(members[0])[0] == best[0]
    mask = np.arange(3) != best[:, None]
    second = np.where(mask, scores, -np.inf).argmax(axis=1)
    assert (policy.predict(batch, action_masks=mask)[0] == second).all()
    for _ in range(20):
        assert (policy.predict(batch, deterministic=False, action_masks=mask)[0] != best).all()
    with pytest.raises(ValueError, match="row 0 allows no choice"):
        policy.predict(members[0], action_masks=[0, 0, 0])
    with pytest.raises(ValueError, match="expected \\(1, 3\\)"):
        policy.predict(members[0], action_masks=[1, 1])


def test_wrong_golden_actions_and_signatures_are_refused(tmp_path):
    observations, actions = recorded("sb3-sac")
    signature = {"inputs": {"": "input"}, "outputs": {"actions": "16"}, "rescale": False}
    path = write(tmp_path / "policy.zip", "sb3-sac.onnx", box(3), TORQUE, observations, actions, signature)
    with pytest.raises(ValueError, match="does not act as it did"):
        gymbridge.BundlePolicy(path)
    signature = {"inputs": {"": "inputs"}, "outputs": {"actions": "16"}, "rescale": True}
    path = write(tmp_path / "policy.zip", "sb3-sac.onnx", box(3), TORQUE, observations, actions, signature)
    with pytest.raises(ValueError, match="the graph takes"):
        gymbridge.BundlePolicy(path)
    with pytest.raises(FileNotFoundError):
        gymbridge.BundlePolicy(tmp_path / "none.zip")


def test_damaged_bundles_are_refused(tmp_path):
    whole = sb3(tmp_path / "policy.zip", "sb3-dqn").read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "damaged.zip"
    for i in range(200):
        damaged = bytearray(whole[: len(whole) * i // 200])
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="refused"):
            gymbridge.BundlePolicy(path)
        damaged = bytearray(whole)
        at = int(random.integers(len(whole)))
        damaged[at : at + 8] = random.bytes(8)
        path.write_bytes(damaged[: len(whole)])
        with contextlib.suppress(ValueError):
            gymbridge.BundlePolicy(path)


def test_bombs_are_refused_before_anything_is_unpacked(tmp_path):
    whole = sb3(tmp_path / "policy.zip", "sb3-dqn").read_bytes()
    buffer = io.BytesIO(whole)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("network.zip", bytes(65 << 20))
    path = tmp_path / "bomb.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match="unfold"):
        gymbridge.BundlePolicy(path)

"""The Java policy server, asked by this package.

GYMBRIDGE_JAVA_POLICIES is its address; it has `times` (an action is the observation), `choices` (observations are the
logits of four choices) and `lstm` (testdata/onnx/lstm.onnx).
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from gymbridge import RemotePolicy, publish_policy

ADDRESS = os.environ.get("GYMBRIDGE_JAVA_POLICIES", "")
ONE = np.ones(2, np.float32)
LSTM = json.loads((Path(__file__).parents[2] / "testdata" / "onnx" / "lstm.json").read_text())


def test_an_episode_keeps_its_version_while_another_is_published(trajectories):
    with RemotePolicy(ADDRESS, "times") as policy:
        np.testing.assert_array_equal(policy.predict(ONE)[0], [1, 1])
        published = publish_policy(ADDRESS, "times", trajectories / "two.zip", labels=["canary"])
        assert published.version == "2"
        assert any("golden" in check for check in published.checks)
        np.testing.assert_array_equal(policy.predict(ONE)[0], [1, 1])
        assert policy.act(ONE, version="canary").versions == ["2"]
        np.testing.assert_array_equal(policy.predict(ONE, episode_start=True)[0], [2, 2])
        rows = policy.act(np.ones((2, 2), np.float32), version="")
        assert rows.versions == ["2"]


def test_what_is_no_bundle_is_refused(tmp_path):
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match="cut short"):
        publish_policy(ADDRESS, "times", tmp_path / "cut.zip")
    with pytest.raises(ValueError, match="policy's name"):
        publish_policy(ADDRESS, "../times", tmp_path / "cut.zip")


def test_masks_and_samples_by_name():
    observations = np.array([[3, 2, 1, 0], [0, 0, 0, 0]], np.float32)
    mask = np.array([[0, 0, 1, 1], [0, 1, 0, 0]])
    with RemotePolicy(ADDRESS, "choices") as policy:
        assert policy.masks
        acted = policy.act(observations, action_mask=mask, log_probability=True)
        np.testing.assert_array_equal(acted.actions, [2, 1])
        np.testing.assert_allclose(acted.log_probabilities, [-np.log(1 + np.exp(-1)), 0], atol=1e-6)
        many = np.zeros((64, 4), np.float32)
        first = policy.act(many, deterministic=False, draw=(7, 1)).actions
        futures = [policy.act_async(many, deterministic=False, draw=(7, step)) for step in (1, 2)]
        again, other = (future.result(30).actions for future in futures)
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()
        assert set(first) == {0, 1, 2, 3}
        with pytest.raises(ValueError, match="row 0"):
            policy.act(observations, action_mask=np.zeros((2, 4)))
        with pytest.raises(ValueError, match="gives no values"):
            policy.act(observations, value=True)


def test_the_server_keeps_recurrent_state_until_another_episode_begins():
    with RemotePolicy(ADDRESS, "lstm") as policy:
        for _ in range(2):
            for index, step in enumerate(LSTM):
                observation = np.array(step["observation"], np.float32)
                acted = policy.act(observation, episode_start=index == 0, value=True)
                np.testing.assert_allclose(acted.actions, step["action"], atol=1e-5)
                np.testing.assert_allclose(acted.values, [step["value"]], atol=1e-5)


def test_a_caller_may_keep_recurrent_state_itself():
    with RemotePolicy(ADDRESS, "lstm") as policy:
        state = None
        for step in LSTM:
            observation = np.array([step["observation"]], np.float32)
            acted = policy.act_async(observation, state=state, next_state=True).result(30)
            np.testing.assert_allclose(acted.actions, [step["action"]], atol=1e-5)
            state = acted.state
        assert set(state) == {"c", "h"}


def test_of_several_servers_those_that_answer_are_asked():
    with RemotePolicy(f"127.0.0.1:1,{ADDRESS},{ADDRESS}", "choices") as policy:
        observation = np.array([0, 0, 3, 0], np.float32)
        assert policy.predict(observation)[0] == 2
        assert policy.act_async(observation).result(30).actions == 2
    with pytest.raises(ValueError, match="HOST:PORT"):
        RemotePolicy(f"{ADDRESS},nowhere", "choices")

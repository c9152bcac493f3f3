"""Steps of some lanes of a remote vector environment, while others are under way."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import AlreadyPendingCallError, NoAsyncCallError
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from test_remote_vector_env import COUNTING, same

import gymbridge
from gymbridge.client.errors import WorkerLost
from gymbridge.client.infos import lane_info
from gymbridge.env.factory import find_factory

OBEYS = "envs_for_tests:obeys"
WAIT, DIE = 1, 2


@pytest.fixture
def make(server):
    envs = []

    def make(env_id=COUNTING, num_envs=4, **arguments):
        envs.append(gymbridge.RemoteVectorEnv(server.address, env_id, num_envs, **arguments))
        return envs[-1]

    yield make
    for env in envs:
        env.close()


@pytest.fixture
def obeying(start):
    """Four lanes in two processes that wait for a file and die as they are told."""
    server = start("serve-env", OBEYS, "--address", "unix:env.sock", "--workers", "2", "--allow-kwargs", "length")
    envs = []

    def make(**arguments):
        envs.append(gymbridge.RemoteVectorEnv(server.address, OBEYS, 4, length=9, **arguments))
        envs[-1].reset(seed=0)
        return envs[-1]

    yield make
    for env in envs:
        env.close()


def by_lane(results, lanes):
    """What each lane has of a step's results."""
    observations, rewards, terminated, truncated, infos = results
    return {
        lane: (observations[row], rewards[row], terminated[row], truncated[row], lane_info(infos, row))
        for row, lane in enumerate(lanes)
    }


def received(results):
    lanes = results[4].pop("env_id")
    assert lanes.dtype == np.int64
    return by_lane(results, lanes.tolist())


@pytest.mark.parametrize("mode", AutoresetMode, ids=lambda mode: mode.name)
@pytest.mark.parametrize("env_id", ["CartPole-v1", "envs_for_tests:odd_infos"])
def test_halves_step_as_they_would_alone(zoo, server, env_id, mode):
    halves = [[0, 2, 4], [3, 1]]
    theirs = [SyncVectorEnv([find_factory(env_id)] * len(lanes), autoreset_mode=mode) for lanes in halves]
    address = zoo if env_id == "CartPole-v1" else server.address
    ours = gymbridge.RemoteVectorEnv(address, env_id, 5, autoreset_mode=mode, max_shards=2)
    ours.reset(seed=10)
    ours.single_action_space.seed(1)
    for half, lanes in zip(theirs, halves, strict=True):
        half.reset(seed=[10 + lane for lane in lanes])
    expected = []
    got = {}
    for step in range(60):
        which = step % 2
        actions = np.array([ours.single_action_space.sample() for _ in halves[which]])
        # The other half is under way.
        ours.send(actions, halves[which])
        expected.append(theirs[which].step(actions))
        if step > 0:
            other = halves[1 - which]
            before = expected.pop(0)
            while not got.keys() >= set(other):
                got |= received(ours.recv(1))
            same(by_lane(before, other), {lane: got.pop(lane) for lane in other}, f"step {step}")
            ended = before[2] | before[3]
            if mode is AutoresetMode.DISABLED and ended.any():
                break
    ours.close()
    for half in theirs:
        half.close()


def test_all_lanes_by_default_and_rows_say_whose_they_are(make):
    envs = make()
    envs.reset(seed=5)
    envs.send(np.array([0, 1, 2, 0]))
    observations, rewards, _, _, infos = envs.recv()
    lanes = infos["env_id"]
    assert sorted(lanes.tolist()) == [0, 1, 2, 3]
    assert observations[:, 1].tolist() == (5 + lanes).tolist()
    assert rewards.tolist() == [[0, 1, 2, 0][lane] for lane in lanes]


def test_recv_does_not_wait_for_more_than_the_minimum(obeying, tmp_path):
    envs = obeying()
    envs.send(np.array([WAIT, 0]), [0, 2])
    assert list(received(envs.recv(1))) == [2]
    envs.send(np.array([0, 0]), [3, 2])
    assert list(received(envs.recv(minimum=1))) == [2, 3]
    (tmp_path / "go").touch()
    assert received(envs.recv())[0][0].tolist() == [1, 0]


def test_sub_batches_of_a_process_come_in_the_order_in_which_they_were_sent(make):
    envs = make(num_envs=4, max_shards=1)
    envs.reset(seed=0)
    for lanes in ([3], [0, 1], [2]):
        envs.send(np.zeros(len(lanes), np.int64), lanes)
    assert envs.recv()[4]["env_id"].tolist() == [3, 0, 1, 2]


def test_more_steps_than_the_window_wait_for_their_turn(make):
    envs = make(num_envs=40, max_shards=1)
    envs.reset(seed=0)
    for lane in range(40):
        envs.send(np.array([lane % 3]), [lane])
    _, rewards, _, _, infos = envs.recv(40)
    assert infos["env_id"].tolist() == list(range(40))
    assert rewards.tolist() == [lane % 3 for lane in range(40)]


def test_large_actions_do_not_keep_either_side_from_reading(start):
    # Observations are the actions, together more than sockets hold.
    server = start("serve-env", "envs_for_tests:large", "--address", "unix:env.sock", "--workers", "1")
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=4)
    envs.reset(seed=0)
    actions = np.stack([envs.single_action_space.sample() for _ in range(4)])
    for lane in range(4):
        envs.send(actions[lane : lane + 1], [lane])
    observations, *_, infos = envs.recv()
    assert infos["env_id"].tolist() == [0, 1, 2, 3]
    assert (observations == actions).all()
    envs.close()


@pytest.mark.parametrize(
    ("actions", "lanes", "message"),
    [
        ([0], [4], "expected lanes from 0 to 3, each once"),
        ([0, 0], [1, 1], "expected lanes from 0 to 3, each once"),
        ([0, 0], [-1, 1], "expected lanes from 0 to 3, each once"),
        ([0, 0], [1], "got 2 actions, expected one for each of 1 lanes"),
        ([], [], "expected a list of lanes"),
    ],
)
def test_what_cannot_be_sent_is_refused(make, actions, lanes, message):
    envs = make()
    envs.reset()
    with pytest.raises(ValueError, match=message):
        envs.send(np.array(actions, np.int64), lanes)
    with pytest.raises(NoAsyncCallError, match="nothing under way"):
        envs.recv()


def test_calls_that_do_not_go_together_are_refused(make):
    envs = make()
    envs.reset(seed=0)
    with pytest.raises(NoAsyncCallError, match="send"):
        envs.recv()
    envs.send(np.array([0, 0]), [1, 2])
    with pytest.raises(AlreadyPendingCallError, match="a step of lane 1 is under way already"):
        envs.send(np.array([0, 0]), [0, 1])
    with pytest.raises(AlreadyPendingCallError, match=r"step\(\) while steps of 2 lanes are under way"):
        envs.step(np.zeros(4, np.int64))
    with pytest.raises(AlreadyPendingCallError, match=r"call\(\) while"):
        envs.call("count")
    with pytest.raises(ValueError, match="minimum=3, expected 1 to 2"):
        envs.recv(3)
    assert sorted(received(envs.recv())) == [1, 2]
    assert envs.step(np.zeros(4, np.int64))[0][:, 0].tolist() == [1, 2, 2, 1]


def test_a_reset_of_all_lanes_drops_what_is_under_way(make):
    envs = make()
    envs.reset(seed=0)
    envs.send(np.array([0, 0]), [1, 2])
    assert envs.reset(seed=3)[0].tolist() == [[0, 3], [0, 4], [0, 5], [0, 6]]
    with pytest.raises(NoAsyncCallError):
        envs.recv()


def test_an_error_is_raised_once_and_the_others_results_are_kept(make):
    envs = make("envs_for_tests:raises_in_step", autoreset_mode=AutoresetMode.DISABLED)
    envs.reset(seed=0)
    for _ in range(2):
        envs.send(np.array([0]), [3])
        envs.recv()
    envs.send(np.array([0, 0, 0]), [0, 1, 3])
    with pytest.raises(gymbridge.RemoteError, match=r"third step always fails \(lane 3\)"):
        envs.recv()
    assert sorted(received(envs.recv())) == [0, 1]
    envs.reset(options={"reset_mask": np.array([False, False, False, True])})
    envs.send(np.array([0]), [3])
    assert list(received(envs.recv())) == [3]


def test_connection_that_breaks_loses_nothing_of_several_steps_under_way(make):
    envs = make(max_shards=1)
    envs.reset(seed=0)
    for lanes in ([3], [0, 1], [2]):
        envs.send(np.zeros(len(lanes), np.int64), lanes)
        envs._session.shards[0]._line.call.shut_down()
    observations, *_, infos = envs.recv()
    assert infos["env_id"].tolist() == [3, 0, 1, 2]
    assert observations.tolist() == [[1, 3], [1, 0], [1, 1], [1, 2]]
    assert envs.step(np.zeros(4, np.int64))[0].tolist() == [[2, 0], [2, 1], [2, 2], [2, 3]]


def test_heartbeats_while_nobody_reads_leave_the_connection(make):
    envs = make(max_shards=1)
    envs.reset(seed=0)
    envs.send(np.array([0]), [1])
    shard = envs._session.shards[0]
    line = shard._line
    for _ in range(6):
        shard.beat()
    assert list(received(envs.recv())) == [1]
    assert shard._line is line


def test_loss_is_raised_for_each_sub_batch_and_a_reset_goes_on(obeying):
    envs = obeying()
    envs.send(np.array([DIE]), [0])
    envs.send(np.array([0, 0, 0]), [1, 2, 3])
    for _ in range(2):
        with pytest.raises(WorkerLost, match="of lanes 0 to 1 was lost"):
            while True:
                envs.recv(1)
    assert envs._steps._lanes <= {2, 3}
    assert envs.reset(seed=4)[0].tolist() == [[0, 4], [0, 5], [0, 6], [0, 7]]
    assert envs.step(np.zeros(4, np.int64))[0].tolist() == [[1, 4], [1, 5], [1, 6], [1, 7]]


def test_marked_losses_are_told_of_once_in_each_lane(obeying):
    envs = obeying(on_loss="mark")
    envs.step(np.zeros(4, np.int64))
    # Lane 1 has no step under way when its process dies.
    envs.send(np.array([DIE, 0]), [0, 2])
    *_, infos = results = envs.recv()
    lost = {lane: bool(lost) for lane, lost in zip(infos["env_id"], infos["_lost"], strict=True)}
    assert lost == {0: True, 2: False}
    assert "signal 9" in infos["lost"][list(infos["env_id"]).index(0)]
    of_lanes = received(results)
    assert (of_lanes[0][0].tolist(), of_lanes[0][1], of_lanes[2][0].tolist()) == ([0, -1], 0.0, [2, 2])
    # Its next one takes no action.
    envs.send(np.array([0, 0]), [1, 0])
    *_, infos = results = envs.recv()
    lost = {lane: bool(lost) for lane, lost in zip(infos["env_id"], infos["_lost"], strict=True)}
    assert lost == {1: True, 0: False}
    assert {lane: row[0].tolist() for lane, row in received(results).items()} == {1: [0, -1], 0: [1, -1]}
    envs.send(np.zeros(4, np.int64))
    *_, infos = results = envs.recv()
    assert "lost" not in infos
    assert sorted((lane, row[0][0]) for lane, row in received(results).items()) == [(0, 2), (1, 1), (2, 3), (3, 2)]


def test_a_whole_step_tells_of_lanes_that_were_lost_before_in_lane_order(obeying):
    envs = obeying(on_loss="mark")
    envs.send(np.array([DIE]), [0])
    envs.recv()
    observations, _, _, _, infos = envs.step(np.zeros(4, np.int64))
    assert observations[:, 0].tolist() == [1, 0, 1, 1]
    assert infos["_lost"].tolist() == [False, True, False, False]
    assert infos["count"].tolist() == [1, 0, 1, 1]
    assert "lost" not in envs.step(np.zeros(4, np.int64))[4]


def test_servers_that_step_whole_processes_take_whole_ones(start):
    server = start("serve-env", "envs_for_tests:fixed_vector", "--vector", "--address", "unix:vector.sock")
    envs = gymbridge.RemoteVectorEnv(server.address, num_envs=3, autoreset_mode=AutoresetMode.SAME_STEP)
    envs.reset()
    with pytest.raises(ValueError, match="steps whole processes only: name all lanes from 0 to 2 or none"):
        envs.send(np.array([0]), [1])
    envs.send(np.array([2, 0, 1]), [2, 0, 1])
    _, rewards, _, _, infos = envs.recv()
    assert (infos["env_id"].tolist(), rewards.tolist()) == ([0, 1, 2], [0.0, 1.0, 2.0])
    envs.close()


def test_wrappers_of_gymnasium_still_step_it(make):
    envs = gym.wrappers.vector.RecordEpisodeStatistics(make(num_envs=2))
    envs.reset(seed=0)
    assert envs.step(np.zeros(2, np.int64))[0].tolist() == [[1, 0], [1, 1]]

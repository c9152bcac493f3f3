"""Steps of some lanes of a shard, against a real server and against lanes in this process."""

import numpy as np
import pytest
from support import Session
from test_serve_env import INVALID, PRECONDITION, UNKNOWN, rows

from gymbridge.codec.items import decode_item, decode_map
from gymbridge.v1 import environment_pb2 as pb

COUNTING = "envs_for_tests:counting"
NEXT_STEP, SAME_STEP, DISABLED = (
    pb.AUTORESET_MODE_NEXT_STEP,
    pb.AUTORESET_MODE_SAME_STEP,
    pb.AUTORESET_MODE_DISABLED,
)
UNIMPLEMENTED = 12


def step(session, lanes, *actions):
    message = session.actions.encode(session.actions.stack(actions))
    return session.ask(step=pb.StepRequest(actions=message, lanes=lanes))


def test_sessions_of_single_environments_have_the_capability(open_session):
    assert "step_lanes" in open_session(COUNTING).opened.capabilities


def test_only_the_lanes_named_move_and_results_are_in_their_order(open_session):
    session = open_session(COUNTING, 4)
    session.reset([10, 11, 12, 13])
    first = step(session, [2, 0], 1, 2).step
    assert rows(session, first.observations, 2) == [[1, 12], [1, 10]]
    assert np.frombuffer(first.rewards).tolist() == [1.0, 2.0]
    assert (first.terminated, first.truncated) == (b"\0\0", b"\0\0")
    infos = decode_map(first.infos)
    assert infos["count"].tolist() == [1, 1] and infos["_count"].tolist() == [True, True]
    assert rows(session, step(session, [3], 0).step.observations, 1) == [[1, 13]]
    assert rows(session, session.step(0, 0, 0, 0).step.observations) == [[2, 10], [1, 11], [2, 12], [2, 13]]


def test_next_step_resets_each_lane_at_its_own_next_step(open_session):
    session = open_session(COUNTING, 3, kwargs={"length": 2}, autoreset_mode=NEXT_STEP)
    session.reset([1, 2, 3])
    step(session, [1], 0)
    assert step(session, [1], 0).step.terminated == b"\1"
    both = step(session, [1, 0], 2, 1).step
    assert rows(session, both.observations, 2) == [[0, 2], [1, 1]]
    assert (np.frombuffer(both.rewards).tolist(), both.terminated) == ([0.0, 1.0], b"\0\0")
    assert rows(session, session.step(0, 0, 0).step.observations) == [[2, 1], [1, 2], [1, 3]]


def test_same_step_gives_final_observations_and_infos_in_the_lanes_order(open_session):
    session = open_session(COUNTING, 3, kwargs={"length": 2}, autoreset_mode=SAME_STEP)
    session.reset([1, 2, 3])
    step(session, [2, 0], 0, 0)
    ended = step(session, [2, 1, 0], 0, 0, 0).step
    assert ended.terminated == b"\1\0\1"
    assert rows(session, ended.observations, 3) == [[0, 3], [1, 2], [0, 1]]
    assert rows(session, ended.final_observations, 2) == [[2, 3], [2, 1]]
    final = decode_map(ended.final_infos)
    assert final["count"].tolist() == [2, 0, 2] and final["_count"].tolist() == [True, False, True]


def test_without_autoreset_only_an_ended_lane_is_held_up(open_session):
    session = open_session(COUNTING, 2, kwargs={"length": 1}, autoreset_mode=DISABLED)
    session.reset([1, 2])
    assert step(session, [1], 0).step.terminated == b"\1"
    refused = step(session, [0, 1], 0, 0).error
    assert (refused.code, "lane 1 has ended" in refused.message) == (PRECONDITION, True)
    assert rows(session, step(session, [0], 0).step.observations, 1) == [[1, 1]]
    session.reset(reset_mask=b"\0\1")
    assert rows(session, step(session, [1], 0).step.observations, 1) == [[1, 2]]


def test_lane_infos_are_those_of_the_lanes_named(open_session):
    session = open_session(COUNTING, 3, info_mode=pb.INFO_MODE_LANES)
    session.reset()
    step(session, [1], 0)
    infos = step(session, [1, 2], 0, 0).step.lane_infos
    assert [decode_item(info.items["count"]) for info in infos] == [2, 1]


def test_infos_that_differ_from_lane_to_lane_keep_their_vector_form(open_session):
    session = open_session("envs_for_tests:odd_infos", 3)
    session.reset()
    step(session, [0], 0)
    infos = decode_map(step(session, [0, 2], 0, 0).step.infos)
    assert infos["integer"].tolist() == [2, 1]
    assert infos["sometimes"].tolist() == [0.0, 1.5] and infos["_sometimes"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("lanes", "actions", "code", "message"),
    [
        ([3], [0], INVALID, "3 is not less than 3"),
        ([1, 1], [0, 0], INVALID, "more than once"),
        ([1], [0, 0], INVALID, "16 bytes"),
        ([0, 2], [0, 7], INVALID, "action of lane 2: got 7"),
    ],
)
def test_what_is_refused_moves_no_lane(open_session, lanes, actions, code, message):
    session = open_session(COUNTING, 3)
    session.reset([1, 2, 3])
    error = step(session, lanes, *actions).error
    assert error.code == code and message in error.message
    assert rows(session, session.step(0, 0, 0).step.observations) == [[1, 1], [1, 2], [1, 3]]


def test_after_a_failed_step_its_lanes_want_a_reset_and_the_others_go_on(open_session):
    session = open_session("envs_for_tests:raises_in_step", 3)
    session.reset()
    for _ in range(2):
        step(session, [2], 0)
    error = step(session, [0, 2], 0, 0).error
    assert error.code == UNKNOWN and "third step always fails (lane 2)" in error.message
    assert step(session, [1], 0).HasField("step")
    refused = step(session, [0], 0).error
    assert (refused.code, "lane 0 wants a reset" in refused.message) == (PRECONDITION, True)


@pytest.mark.parametrize("env_id", ["envs_for_tests:multi_spaces", "envs_for_tests:variable_size"])
def test_values_of_every_kind_are_picked_by_lane(server, env_id):
    def play(lanes):
        with Session(server.address, env_id, 3, max_shards=1) as session:
            session.reset([1, 2, 3])
            session.actions.space.seed(0)
            actions = [session.actions.space.sample() for _ in range(3)]
            n = len(lanes or "012")
            answer = step(session, lanes, *(actions[lane] for lane in lanes or range(3))).step
            batch = session.observations.decode(answer.observations, n, "observations")
            return [str(session.observations.value(batch, index)) for index in range(n)]

    everything = play([])
    assert play([2, 0]) == [everything[2], everything[0]]


def test_vector_environments_of_their_own_step_whole_batches(start):
    server = start("serve-env", "envs_for_tests:fixed_vector", "--vector", "--address", "unix:vector.sock")
    with Session(server.address, num_envs=3, autoreset_mode=SAME_STEP) as session:
        assert "step_lanes" not in session.opened.capabilities
        session.reset()
        assert step(session, [1], 0).error.code == UNIMPLEMENTED
        assert step(session, [0, 1, 2], 0, 0, 0).error.code == UNIMPLEMENTED
        assert session.step(0, 0, 0).HasField("step")

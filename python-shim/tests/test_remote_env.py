import copy
import multiprocessing
import os
import pickle
import threading

import gymnasium as gym
import numpy as np
import pytest
from support import eventually

import gymbridge
from gymbridge.client.address import Address
from gymbridge.client.errors import ConnectionFailed, SessionEnded, WorkerLost
from gymbridge.v1 import environment_pb2 as pb

COUNTING = "envs_for_tests:counting"


@pytest.fixture
def make(server):
    """Makes environments on the common server; they end with the test."""
    envs = []

    def make(env_id=COUNTING, **arguments):
        envs.append(gymbridge.RemoteEnv(server.address, env_id, **arguments))
        return envs[-1]

    yield make
    for env in envs:
        env.close()


def test_values_are_those_that_environments_return(make):
    env = make()
    observation, info = env.reset(seed=3)
    assert observation.tolist() == [0, 3] and observation.dtype == np.float32
    assert info == {"count": 0} and type(info["count"]) is int
    observation, reward, terminated, truncated, info = env.step(2)
    assert observation.tolist() == [1, 3] and type(reward) is float and reward == 2.0
    assert terminated is False and truncated is False and info == {"count": 1}
    for _ in range(4):
        *_, terminated, truncated, info = env.step(np.int64(0))
    assert terminated is True and truncated is False


def test_infos_keep_their_types(make):
    env = make("envs_for_tests:odd_infos")
    env.reset()
    info = env.step(0)[4]
    assert type(info["numpy_float"]) is np.float32 and type(info["integer"]) is int and info["flag"] is False
    assert info["list"] == [1, "two", None] and info["nothing"] is None and info["text"] == "step 1"
    assert info["array"].dtype == np.int16 and info["nested"]["deeper"] == {"text": "x"}


def test_infos_can_be_left_out(make):
    env = make("envs_for_tests:odd_infos", infos=False)
    assert env.reset()[1] == {}
    assert env.step(0)[4] == {}


def test_options_and_keyword_arguments_arrive(make):
    env = make(length=7)
    assert env.reset(options={"start": 5})[1] == {"count": 5}
    assert env.step(0)[2] is False
    assert env.step(0)[2] is True
    with pytest.raises(ValueError, match="reset options: an object of class object cannot be sent"):
        env.reset(options={"start": object()})
    with pytest.raises(gym.error.Error, match="-1"):
        env.reset(seed=-1)


def test_observations_are_the_callers_own_unless_views_are_asked_for(make):
    env = make("envs_for_tests:image")
    first = env.reset(seed=0)[0]
    kept = first.copy()
    env.step(0)
    first += 1
    assert (first == kept + 1).all()
    view = make("envs_for_tests:image", copy=False).reset(seed=0)[0]
    assert not view.flags.writeable and (view == kept).all()


@pytest.mark.parametrize("name", ["multi_spaces", "multi_discrete", "multi_binary", "variable_size"])
def test_values_of_all_kinds_of_spaces_lie_in_them(make, name):
    env = make(f"envs_for_tests:{name}")
    assert env.reset(seed=1)[0] in env.observation_space
    env.action_space.seed(1)
    for _ in range(3):
        assert env.step(env.action_space.sample())[0] in env.observation_space


def test_errors_of_the_environment_have_their_type_and_traceback(make):
    env = make("envs_for_tests:raises_in_step")
    env.reset()
    env.step(0)
    env.step(0)
    with pytest.raises(gymbridge.RemoteError) as caught:
        env.step(0)
    assert isinstance(caught.value, gym.error.Error)
    assert str(caught.value).startswith("ValueError: the third step always fails")
    assert "in step" in caught.value.remote_traceback and caught.value.remote_traceback in str(caught.value)
    assert caught.value.code == "UNKNOWN"
    env.reset()
    assert env.step(1)[1] == 1.0


def test_errors_of_the_constructor_have_their_traceback(make):
    with pytest.raises(gymbridge.RemoteError, match="RuntimeError: this environment cannot be made") as caught:
        make("envs_for_tests:raises_in_constructor")
    assert "raises_in_constructor" in caught.value.remote_traceback


def test_refusals_say_what_to_do(make):
    with pytest.raises(gymbridge.RemoteError, match="did you mean CartPole-v1"):
        make("CartPole-v2")
    with pytest.raises(gymbridge.RemoteError, match="--allow-kwargs truncates") as caught:
        make(truncates=True)
    assert caught.value.code == "PERMISSION_DENIED"
    with pytest.raises(gymbridge.RemoteError, match="no render_mode 'ascii'"):
        make(render_mode="ascii")
    with pytest.raises(ValueError, match="window on the server"):
        make(render_mode="human")
    env = make()
    with pytest.raises(gymbridge.RemoteError, match="wants a reset"):
        env.step(0)
    env.reset()
    with pytest.raises(gymbridge.RemoteError, match="got 3, expected an integer from 0 to 2") as caught:
        env.step(3)
    assert caught.value.code == "INVALID_ARGUMENT"
    with pytest.raises(ValueError, match=r"has shape \(2,\)"):
        env.step([0, 1])
    assert env.step(0)[4] == {"count": 1}


def test_no_server_is_a_connection_error_that_says_how_to_start_one(tmp_path):
    with pytest.raises(ConnectionError, match="python -m gymbridge serve-env"):
        gymbridge.RemoteEnv(f"unix:{tmp_path}/none.sock", COUNTING)
    with pytest.raises(gymbridge.RemoteError, match=r"no server at 127\.0\.0\.1:1 "):
        gymbridge.RemoteEnv("127.0.0.1:1", COUNTING)
    with pytest.raises(ValueError, match="'nonsense' is no address"):
        gymbridge.RemoteEnv("nonsense")


def test_addresses_are_read_and_resolved():
    server = Address.parse("[::1]:50051")
    assert (server.host, server.port, str(server)) == ("::1", 50051, "[::1]:50051")
    assert server.resolve(":7") == Address("::1", 7)
    assert server.resolve("") == server
    assert Address.parse("unix:a/b").path == os.path.abspath("a/b")
    assert Address.parse("unix:///a/b").path == Address.parse("unix:/a/b").path == "/a/b"
    for wrong in (":1", "host", "host:0", "host:x", "host:70000"):
        with pytest.raises(ValueError, match="is no address"):
            Address.parse(wrong)


def test_specification_tells_of_the_remote_environment_and_connects_again(server, make):
    env = make("CartPole-v1")
    assert (env.spec.id, env.spec.max_episode_steps, env.spec.reward_threshold) == ("gymbridge/Remote-v0", 500, 475.0)
    assert env.spec.nondeterministic is False
    assert env.metadata == {"render_modes": ["rgb_array"], "render_fps": 50}
    assert env.unwrapped is env
    first = env.reset(seed=5)[0]
    for again in (env.spec.make(), gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))):
        assert isinstance(again.unwrapped, gymbridge.RemoteEnv)
        assert again.spec.max_episode_steps == 500
        assert (again.reset(seed=5)[0] == first).all()
        again.close()


def test_make_takes_address_and_id_and_puts_its_wrappers_on_top(server):
    env = gym.make("gymbridge:gymbridge/Remote-v0", address=server.address, env_id=COUNTING, max_episode_steps=3)
    assert isinstance(env, gym.wrappers.TimeLimit)
    env = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.FrameStackObservation(env, 2))
    env.reset(seed=0)
    for _ in range(3):
        observation, _, terminated, truncated, info = env.step(1)
    assert observation.tolist() == [[2, 0], [3, 0]]
    assert (terminated, truncated) == (False, True)
    assert info["episode"]["r"] == 3.0
    env.close()


def test_pickles_and_copies_connect_anew(make):
    env = make(length=3)
    env.reset(seed=4)
    env.step(0)
    for again in (pickle.loads(pickle.dumps(env)), copy.deepcopy(env)):
        with pytest.raises(gymbridge.RemoteError, match="wants a reset"):
            again.step(0)
        assert again.reset(seed=6)[0].tolist() == [0, 6]
        again.close()
    assert env.step(0)[0].tolist() == [2, 4]


def test_rendering(make):
    env = make(render_mode="ansi")
    env.reset()
    assert env.render_mode == "ansi" and env.render() == "count=0"
    env = make(render_mode="rgb_array")
    env.reset()
    env.step(0)
    assert env.render().shape == (4, 6, 3) and env.render().dtype == np.uint8 and env.render().max() == 1
    env = make(render_mode="rgb_array_list")
    env.reset()
    frames = env.render()
    assert type(frames) is list and frames[1].shape == (4, 6, 3)
    env.close()
    env = make()
    env.reset()
    with pytest.warns(UserWarning, match="without a render_mode"):
        assert env.render() is None


def test_random_generator_of_the_client_is_seeded_too(make):
    env = make()
    env.reset(seed=9)
    first = env.np_random.random()
    env.reset(seed=9)
    assert env.np_random.random() == first and env.np_random_seed == 9


def test_closing_twice_is_allowed_and_a_closed_env_says_so(make):
    env = make()
    env.reset()
    env.close()
    env.close()
    for use in (env.reset, lambda: env.step(0)):
        with pytest.raises(gymbridge.RemoteError, match="the environment is closed"):
            use()


def test_session_ends_with_its_last_reference(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    env = gymbridge.RemoteEnv(server.address)
    env.reset()
    closed = server.log.count("session closed")
    del env
    eventually(lambda: server.log.count("session closed") == closed + 1)


def stream(env):
    (shard,) = env._session.shards
    return shard


def test_broken_stream_is_attached_anew_within_the_episode(make):
    env = make()
    env.reset(seed=1)
    for count in range(1, 4):
        stream(env)._line.call.shut_down()
        assert env.step(0)[0].tolist() == [count, 1]


def test_request_under_way_when_the_stream_breaks_is_executed_once(start, tmp_path):
    server = start("serve-env", "envs_for_tests:waits_for_file", "--address", "unix:env.sock", "--workers", "1")
    env = gymbridge.RemoteEnv(server.address)
    env.reset(seed=1)
    results = []
    thread = threading.Thread(target=lambda: results.append(env.step(0)))
    thread.start()
    eventually(lambda: "waiting" in server.log)
    broken = stream(env)._line
    broken.call.shut_down()
    eventually(lambda: stream(env)._line not in (broken, None))
    (tmp_path / "go").touch()
    thread.join(20)
    assert results[0][0].tolist() == [1, 1]
    assert env.step(0)[0].tolist() == [2, 1]
    env.close()


def test_interrupted_request_leaves_the_env_usable(make):
    env = make()
    env.reset(seed=2)
    shard = stream(env)
    request = pb.InteractRequest()
    env._actions.fill(request.step.actions, env._actions.stack([0]))
    shard.begin(request)
    shard.abandon()
    assert env.step(0)[0].tolist()[0] in (1, 2)
    assert env.reset(seed=3)[0].tolist() == [0, 3]


def test_lost_worker_is_said_and_reset_goes_on(start):
    server = start("serve-env", "envs_for_tests:kills_itself", "--address", "unix:env.sock", "--workers", "1")
    env = gymbridge.RemoteEnv(server.address)
    for seed in range(2):
        assert env.reset(seed=seed)[0].tolist() == [0, seed]
        env.step(0)
        env.step(0)
        for _ in range(2):
            with pytest.raises(WorkerLost, match=r"the worker of lane 0 was lost: .*signal 9.*; reset\(\) goes on"):
                env.step(0)
    env.close()


def test_heartbeats_keep_a_silent_session_alive(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1", "--lease", "0.5")
    kept, left = gymbridge.RemoteEnv(server.address), gymbridge.RemoteEnv(server.address)
    kept.reset(seed=1)
    left.reset(seed=1)
    left._session._over.set()
    closed = server.log.count("session closed")
    eventually(lambda: server.log.count("session closed") > closed)
    assert kept.step(0)[0].tolist() == [1, 1]
    with pytest.raises(SessionEnded, match=r"reset\(\) opens a new one"):
        left.step(0)
    assert left.reset(seed=2)[0].tolist() == [0, 2]
    kept.close()
    left.close()


def test_server_that_is_gone_is_said(start):
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    env = gymbridge.RemoteEnv(server.address)
    env.reset()
    server.close()
    with pytest.raises(ConnectionFailed, match="no server at"):
        env.step(0)
    again = start("serve-env", COUNTING, "--address", "unix:env.sock", "--workers", "1")
    assert again.address == server.address
    assert env.reset(seed=1)[0].tolist() == [0, 1]
    env.close()


def test_goal_environments_compute_rewards_for_batches(make):
    env = make("envs_for_tests:goal")
    assert not hasattr(make(), "compute_reward")
    wrapped = gym.wrappers.TimeLimit(env, 10)
    reward = wrapped.get_wrapper_attr("compute_reward")
    achieved, desired = np.array([[0.0], [0.5]]), np.array([[0.05], [0.0]])
    infos = np.array([{"is_success": True}, {}], dtype=object)
    rewards = reward(achieved, desired, infos)
    assert rewards.dtype == np.float32 and rewards.tolist() == [0.0, -1.0]


def test_attributes_are_called_read_and_set(start):
    names = "length,count,compute_reward"
    server = start("serve-env", COUNTING, "--address", "unix:env.sock", "--allow-attributes", names)
    env = gymbridge.RemoteEnv(server.address)
    env.reset()
    env.step(0)
    assert env.get_attr("count") == 1 and env.get_wrapper_attr("length") == 5
    assert env.has_wrapper_attr("length") and not env.has_wrapper_attr("truncates")
    env.set_attr("length", 2)
    assert env.step(0)[2] is True
    gym.wrappers.TimeLimit(env, 9).set_wrapper_attr("length", 4)
    assert env.call("length") == 4
    with pytest.raises(gymbridge.RemoteError, match="--allow-attributes truncates"):
        env.call("truncates")
    env.close()


def test_states_are_saved_and_restored(make):
    env = make("CartPole-v1")
    env.reset(seed=1)
    env.step(0)
    state = env.save_state()
    steps = [env.step(action)[0].tolist() for action in (1, 1, 0)]
    other = make("CartPole-v1")
    other.reset(seed=9)
    for again in (env, other):
        again.restore_state(state)
        assert [again.step(action)[0].tolist() for action in (1, 1, 0)] == steps
    with pytest.raises(gymbridge.RemoteError) as caught:
        env.restore_state(b"nonsense")
    assert caught.value.code == "INVALID_ARGUMENT"


def _use(env, pipe):
    try:
        env.step(0)
    except gymbridge.RemoteError as error:
        pipe.send(str(error))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_env_of_another_process_is_refused_in_a_forked_one(make):
    env = make()
    env.reset(seed=1)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_use, args=(env, there))
    process.start()
    assert "before this process was forked" in here.recv()
    process.join(20)
    assert env.step(0)[0].tolist() == [1, 1]


def test_async_vector_env_of_remote_envs(server):
    def make():
        return gymbridge.RemoteEnv(server.address, COUNTING)

    make().close()
    envs = gym.vector.AsyncVectorEnv([make, make])
    assert envs.reset(seed=3)[0].tolist() == [[0, 3], [0, 4]]
    assert envs.step(np.array([1, 2]))[1].tolist() == [1.0, 2.0]
    envs.close()

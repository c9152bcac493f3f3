"""Sessions on a real server: opening, stepping, resetting, rendering and errors."""

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from support import Session, Stream, eventually

from gymbridge.codec.items import decode_item, decode_map, encode_map
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc, value_pb2

INVALID = grpc.StatusCode.INVALID_ARGUMENT.value[0]
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION.value[0]
UNKNOWN = grpc.StatusCode.UNKNOWN.value[0]


def rows(session, buffers, n=None):
    return session.decode(buffers, n)[0].tolist()


def debug_info(status):
    info = error_details_pb2.DebugInfo()
    assert status.details[0].Unpack(info)
    return "\n".join(info.stack_entries)


def test_list_names_what_is_offered(server):
    with grpc.insecure_channel(server.address) as channel:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        listed = stub.ListEnvironments(pb.ListEnvironmentsRequest())
    assert listed.environments[0].env_id == "CartPole-v1"
    assert listed.environments[0].default_num_envs == 8
    assert listed.environments[0].allowed_kwargs == ["length", "what"]
    assert listed.server_version == "gymbridge-python 0.1.0"


def test_health_and_reflection_are_served(server):
    with grpc.insecure_channel(server.address) as channel:
        name = "gymbridge.v1.EnvironmentService"
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([request]))
        assert name in [service.name for service in next(answers).list_services_response.service]


def test_spec_describes_the_environment(open_session):
    spec = open_session("HalfCheetah-v5").opened.spec
    assert spec.max_episode_steps == 1000
    assert spec.reward_threshold == 4800
    assert "rgb_array" in decode_map(spec.metadata)["render_modes"]


def test_lanes_are_spread_evenly_over_the_shards(server):
    with Session(server.address, "envs_for_tests:counting", 5) as session:
        assert [(shard.first_lane, shard.num_envs) for shard in session.opened.shards] == [(0, 3), (3, 2)]
        assert session.opened.num_envs == 5
        assert session.opened.autoreset_mode == pb.AUTORESET_MODE_NEXT_STEP


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({"env_id": "CartPole-v2"}, "NOT_FOUND", "did you mean CartPole-v1"),
        ({"env_id": ""}, "INVALID_ARGUMENT", "say which"),
        ({"kwargs": {"gravity": 1.0}}, "PERMISSION_DENIED", "--allow-kwargs gravity"),
        ({"render_mode": "hologram"}, "INVALID_ARGUMENT", "has no render_mode 'hologram'"),
        ({"num_envs": 1 << 31}, "RESOURCE_EXHAUSTED", "--max-num-envs"),
        ({"env_id": "envs_for_tests:raises_in_constructor"}, "UNKNOWN", "RuntimeError: this environment cannot"),
        ({"env_id": "CartPole-v1", "kwargs": {"length": 3}}, "UNKNOWN", "length"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_a_reason(server, request_, code, message):
    with pytest.raises(grpc.RpcError) as caught:
        Session(server.address, **{"env_id": "CartPole-v1", **request_})
    assert caught.value.code().name == code
    assert message in caught.value.details()


def test_other_revisions_of_the_protocol_are_refused(server):
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        stub.OpenSession(pb.OpenSessionRequest(protocol_revision=2, env_id="CartPole-v1"))
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_constructor_error_carries_the_environments_traceback(server):
    with pytest.raises(grpc.RpcError) as caught:
        Session(server.address, "envs_for_tests:raises_in_constructor")
    trace = debug_info(rpc_status.from_call(caught.value))
    assert "envs_for_tests.py" in trace
    assert "gymbridge/env" not in trace


def test_allowed_kwargs_reach_the_constructor(open_session):
    session = open_session("envs_for_tests:counting", kwargs={"length": 2})
    session.reset()
    assert session.step(0).step.terminated == b"\0"
    assert session.step(0).step.terminated == b"\1"


def test_next_step_autoreset_returns_the_last_observation_then_the_first(open_session):
    session = open_session("envs_for_tests:counting", kwargs={"length": 2})
    assert rows(session, session.reset([4]).reset.observations) == [[0, 4]]
    session.step(1)
    ended = session.step(2).step
    assert (rows(session, ended.observations), ended.terminated) == ([[2, 4]], b"\1")
    dummy = session.step(2).step
    assert (rows(session, dummy.observations), dummy.terminated) == ([[0, 4]], b"\0")
    assert np.frombuffer(dummy.rewards).tolist() == [0.0]


def test_actions_of_lanes_about_to_reset_are_not_checked_but_must_be_there(open_session):
    session = open_session("envs_for_tests:counting", kwargs={"length": 1})
    session.reset()
    assert session.step(0).step.terminated == b"\1"
    nothing = session.ask(step=pb.StepRequest(actions=value_pb2.Buffers()))
    assert nothing.error.code == INVALID
    assert session.step(99).HasField("step")


def test_same_step_autoreset_returns_the_first_observation_and_the_final_one_beside_it(open_session):
    session = open_session(
        "envs_for_tests:truncating", 2, kwargs={"length": 2}, autoreset_mode=pb.AUTORESET_MODE_SAME_STEP
    )
    session.reset([1, 2])
    assert not session.step(0, 0).step.HasField("final_observations")
    step = session.step(1, 2).step
    assert (step.terminated, step.truncated) == (b"\0\0", b"\1\1")
    assert rows(session, step.observations) == [[0, 1], [0, 2]]
    assert rows(session, step.final_observations, 2) == [[2, 1], [2, 2]]
    assert decode_map(step.final_infos)["count"].tolist() == [2, 2]
    assert np.frombuffer(step.rewards).tolist() == [1.0, 2.0]


def test_values_that_vary_in_size_go_through_actions_observations_and_final_observations(open_session):
    session = open_session(
        "envs_for_tests:variable_size", 2, kwargs={"length": 2}, autoreset_mode=pb.AUTORESET_MODE_SAME_STEP
    )
    space = session.actions.space
    space.seed(4)
    first = session.decode(session.reset([1, 2]).reset.observations)
    assert all(space.contains(session.observations.value(first, lane)) for lane in range(2))
    actions = [space.sample(), space.sample()]
    step = session.step(*actions).step
    assert step.observations == session.actions.encode(session.actions.stack(actions))
    step = session.step(*actions).step
    assert step.terminated == b"\1\1"
    assert step.final_observations == session.actions.encode(session.actions.stack(actions))
    assert step.observations != step.final_observations


def test_actions_that_vary_in_size_are_checked(open_session):
    session = open_session("envs_for_tests:variable_size", 2)
    session.reset([1, 2])
    space = session.actions.space
    outside = {**space.sample(), "sequence": [([0, 0], [1]), ([0, 0], [4, 5])]}
    refused = session.step(space.sample(), outside)
    assert refused.error.code == INVALID
    assert "of lane 1 element 1 element 1: got 5, expected an integer from 0 to 4" in refused.error.message
    assert session.step(space.sample(), space.sample()).HasField("step")


def test_disabled_autoreset_wants_ended_lanes_reset_by_mask(open_session):
    session = open_session(
        "envs_for_tests:counting", 2, kwargs={"length": 2}, autoreset_mode=pb.AUTORESET_MODE_DISABLED
    )
    session.reset([1, 2])
    session.step(0, 0)
    session.reset(reset_mask=b"\0\1")
    step = session.step(0, 0).step
    assert (step.terminated, rows(session, step.observations)) == (b"\1\0", [[2, 1], [1, 2]])
    refused = session.step(0, 0)
    assert refused.error.code == PRECONDITION
    assert "lane 0" in refused.error.message
    reset = session.reset(reset_mask=b"\1\0").reset
    assert rows(session, reset.observations) == [[0, 1], [1, 2]]
    assert session.step(0, 0).HasField("step")


def test_partial_reset_needs_disabled_autoreset(open_session):
    session = open_session("envs_for_tests:counting", 2)
    assert session.reset(reset_mask=b"\1\0").error.code == INVALID
    assert session.reset(reset_mask=b"\1\1").HasField("reset")


def test_seeds_count_where_their_mask_says_and_generators_go_on_elsewhere(open_session):
    session = open_session("CartPole-v1", 2)
    first = rows(session, session.reset([3, 3]).reset.observations)
    assert first[0] == first[1]
    second = rows(session, session.reset([3, 3], seed_mask=b"\1\0").reset.observations)
    assert second[0] == first[0] != second[1]
    third = rows(session, session.reset().reset.observations)
    assert third[0] == second[1]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"seeds": b"1234567"}, "got 7 bytes, expected 16"),
        ({"seeds": bytes(8) + b"\xff" * 8}, "lane 1 has -1"),
        ({"seed_mask": b"\1\1"}, "without seeds"),
        ({"reset_mask": b"\1"}, "got 1 bytes, expected 2"),
        ({"reset_mask": b"\1\7"}, "only 0 and 1"),
    ],
)
def test_malformed_resets_are_refused(open_session, request_, message):
    response = open_session("envs_for_tests:counting", 2).ask(reset=pb.ResetRequest(**request_))
    assert response.error.code == INVALID
    assert message in response.error.message


def test_reset_options_reach_the_environment(open_session):
    session = open_session("envs_for_tests:counting")
    reset = session.reset([0], options=encode_map({"start": 3})).reset
    assert rows(session, reset.observations) == [[3, 0]]
    assert decode_map(reset.infos)["count"].tolist() == [3]


def test_lanes_have_reset_options_of_their_own(open_session):
    session = open_session("envs_for_tests:counting", 2)
    options = [encode_map({"start": 2}), encode_map({})]
    assert rows(session, session.reset([0, 0], lane_options=options).reset.observations) == [[2, 0], [0, 0]]
    assert "expected 2, one per lane" in session.reset(lane_options=options[:1]).error.message
    assert "give one of them" in session.reset(lane_options=options, options=options[0]).error.message


def test_infos_are_absent_when_not_wanted(open_session):
    session = open_session("envs_for_tests:odd_infos", info_mode=pb.INFO_MODE_NONE)
    assert not session.reset().reset.HasField("infos")
    assert not session.step(0).step.HasField("infos")


def test_step_before_reset_is_a_failed_precondition(open_session):
    response = open_session("envs_for_tests:counting").step(0)
    assert response.error.code == PRECONDITION
    assert "reset" in response.error.message


@pytest.mark.parametrize(
    ("env_id", "actions", "message"),
    [
        ("HalfCheetah-v5", [[0] * 6, [0, 0, 1.5, 0, 0, 0]], "lane 1 component [2]: got 1.5"),
        ("HalfCheetah-v5", [[0] * 6, [np.nan] * 6], "lane 1 component [0]: got nan"),
        ("envs_for_tests:counting", [0, 3], "lane 1: got 3, expected an integer from 0 to 2"),
        ("envs_for_tests:multi_discrete", [[0, -2], [2, 0]], "lane 1 component [0]: got 2"),
        ("envs_for_tests:multi_binary", [[0, 1, 0, 1], [0, 1, 2, 0]], "lane 1 component [2]: got 2, expected 0 or 1"),
    ],
)
def test_actions_outside_their_space_are_refused_and_nothing_is_stepped(open_session, env_id, actions, message):
    session = open_session(env_id, 2)
    session.reset([0, 1])
    refused = session.step(*[np.array(action, session.actions.leaves[0].dtype) for action in actions])
    assert refused.error.code == INVALID
    assert message in refused.error.message
    assert "clip" in refused.error.message or "HalfCheetah" not in env_id
    assert refused.environment_nanos == 0


def test_environment_that_raises_leaves_the_session_usable_after_a_reset(open_session):
    session = open_session("envs_for_tests:raises_in_step")
    session.reset()
    session.step(0)
    session.step(0)
    error = session.step(0).error
    assert error.code == UNKNOWN
    assert error.message.startswith("ValueError: the third step always fails")
    assert "envs_for_tests.py" in debug_info(error)
    assert session.step(0).error.code == PRECONDITION
    assert session.reset().HasField("reset")
    assert session.step(0).HasField("step")


@pytest.mark.parametrize(
    ("what", "message"),
    [("shape", "has shape (1,)"), ("nan", "observation that is not finite"), ("reward", "reward nan")],
)
def test_nonsense_from_an_environment_is_an_error_that_names_the_lane(open_session, what, message):
    session = open_session("envs_for_tests:bad_returns", 2, kwargs={"what": what})
    session.reset()
    error = session.step(0, 0).error
    assert error.code == UNKNOWN
    assert message in error.message
    assert "lane 0" in error.message


def test_wrong_sequence_executes_nothing_and_the_stream_goes_on(open_session):
    session = open_session("envs_for_tests:counting")
    session.reset([0])
    (stream,) = session.streams
    actions = session.actions.encode(session.actions.stack([0]))
    refused = stream.ask(sequence=9, step=pb.StepRequest(actions=actions))
    assert (refused.sequence, refused.error.code) == (9, PRECONDITION)
    assert "a request is missing" in refused.error.message
    stream.sequence -= 1
    assert rows(session, stream.ask(step=pb.StepRequest(actions=actions)).step.observations) == [[1, 0]]


def test_repeated_number_is_answered_again_and_not_executed_again(open_session):
    session = open_session("envs_for_tests:counting")
    session.reset([0])
    (stream,) = session.streams
    step = pb.StepRequest(actions=session.actions.encode(session.actions.stack([0])))
    first = stream.ask(step=step)
    assert stream.ask(sequence=stream.sequence, step=step) == first
    stream.sequence -= 1
    second = stream.ask(step=step)
    assert rows(session, second.step.observations) == [[2, 0]]
    stream.sequence = 1
    forgotten = stream.ask(sequence=1, reset=pb.ResetRequest())
    assert forgotten.error.code == INVALID
    assert "its response is forgotten" in forgotten.error.message


def test_more_unacknowledged_requests_than_the_window_are_refused(open_session):
    session = open_session("envs_for_tests:counting")
    (stream,) = session.streams
    for sequence in range(1, 17):
        assert stream.ask(sequence=sequence, reset=pb.ResetRequest()).HasField("reset")
    assert stream.ask(sequence=17, reset=pb.ResetRequest()).error.code == EXHAUSTED
    stream.sequence = 16
    assert stream.ask(reset=pb.ResetRequest()).HasField("reset")


def test_empty_request_and_second_attach_are_errors_of_the_request(open_session):
    session = open_session("envs_for_tests:counting")
    assert session.ask().error.code == INVALID
    assert session.ask(attach=pb.AttachRequest(token="x")).error.code == PRECONDITION


def test_unknown_token_ends_the_stream(server, open_session):
    session = open_session("envs_for_tests:counting")
    stream = Stream(server.address, session.opened.shards[0])
    with pytest.raises(grpc.RpcError) as caught:
        stream.attach("nonsense")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    stream.close()
    assert session.reset().HasField("reset")


def test_another_stream_fences_the_first_and_goes_on_in_the_same_episode(server, open_session):
    session = open_session("envs_for_tests:counting")
    session.reset([0])
    answered = session.step(0)
    (shard,) = session.opened.shards
    again = Stream(server.address, shard)
    attached = again.attach(shard.token)
    assert (attached.epoch, attached.last_sequence) == (2, 2)
    with pytest.raises(grpc.RpcError) as caught:
        next(session.streams[0].call)
    assert caught.value.code() == grpc.StatusCode.ABORTED
    step = pb.StepRequest(actions=session.actions.encode(session.actions.stack([0])))
    assert again.ask(sequence=2, step=step) == answered
    again.sequence = 2
    assert rows(session, again.ask(step=step).step.observations) == [[2, 0]]
    again.close()


def test_same_nonce_opens_one_session(server):
    sessions = [Session(server.address, "envs_for_tests:counting", nonce="n1") for _ in range(2)]
    assert sessions[0].opened == sessions[1].opened
    sessions[0].close()


def test_heartbeat_is_answered(open_session):
    (stream,) = open_session("envs_for_tests:counting").streams
    assert stream.ask(sequence=0, heartbeat=pb.HeartbeatRequest()).HasField("heartbeat")


def test_workers_open_no_sessions_for_strangers(open_session):
    (shard,) = open_session("envs_for_tests:counting").opened.shards
    with grpc.insecure_channel(shard.address) as channel, pytest.raises(grpc.RpcError) as caught:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        stub.OpenSession(pb.OpenSessionRequest(protocol_revision=1, env_id="os:system", num_envs=1))
    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_closing_ends_the_streams_with_ok_and_may_be_repeated(server):
    session = Session(server.address, "envs_for_tests:counting", 2)
    for stream in session.streams:
        stream.ask(reset=pb.ResetRequest())
    request = pb.CloseSessionRequest(session_id=session.opened.session_id)
    session.stub.CloseSession(request)
    session.stub.CloseSession(request)
    for stream in session.streams:
        assert list(stream.call) == []
        assert stream.call.code() == grpc.StatusCode.OK
    session.close()


def test_end_of_one_shards_stream_ends_the_others(server):
    session = Session(server.address, "envs_for_tests:counting", 2)
    first, second = session.streams
    first.half_close()
    assert list(first.call) == []
    assert list(second.call) == []
    session.close()


def test_rgb_array_of_mujoco_is_rendered_without_a_screen(open_session):
    session = open_session("Reacher-v5", 2, render_mode="rgb_array")
    session.reset([0, 1])
    frames = session.ask(render=pb.RenderRequest(lanes=[1])).rendered.frames
    assert len(frames) == 1
    frame = decode_item(frames[0])
    assert (frame.dtype, frame.shape) == (np.uint8, (480, 480, 3))
    assert frame.std() > 1


def test_frames_of_each_mode(open_session):
    for mode, expected in (("ansi", "count=0"), ("rgb_array_list", None)):
        session = open_session("envs_for_tests:counting", 2, render_mode=mode)
        session.reset()
        frames = [decode_item(frame) for frame in session.ask(render=pb.RenderRequest()).rendered.frames]
        assert len(frames) == 2
        if expected:
            assert frames == [expected] * 2
        else:
            assert [frame.shape for frame in frames[0]] == [(4, 6, 3)] * 2
        session.close()


def test_render_without_mode_or_of_a_lane_that_is_not_there_is_an_error(open_session):
    assert open_session("envs_for_tests:counting").ask(render=pb.RenderRequest()).error.code == PRECONDITION
    session = open_session("envs_for_tests:counting", render_mode="ansi")
    assert session.ask(render=pb.RenderRequest(lanes=[1])).error.code == INVALID


def test_sessions_are_limited_and_their_places_come_free(start):
    server = start("serve-env", "envs_for_tests:counting", "--workers", "1", "--max-sessions", "2")
    sessions = [Session(server.address, "envs_for_tests:counting", max_shards=1) for _ in range(2)]
    with pytest.raises(grpc.RpcError) as caught:
        Session(server.address, "envs_for_tests:counting")
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "--max-sessions" in caught.value.details()
    for session in sessions:
        session.close()

    def opens():
        try:
            Session(server.address, "envs_for_tests:counting", max_shards=1).close()
        except grpc.RpcError:
            return False
        return True

    eventually(opens)

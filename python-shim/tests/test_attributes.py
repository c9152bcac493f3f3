"""Calls to the environments' own methods, and their attributes."""

import grpc
import numpy as np
import pytest
from envs_for_tests import goal
from support import Session
from test_serve_env import INVALID, UNKNOWN, debug_info

from gymbridge.codec.items import decode_item, encode_item, encode_map
from gymbridge.env.attributes import AllowedAttributes
from gymbridge.errors import RequestError
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

REFUSED = grpc.StatusCode.PERMISSION_DENIED.value[0]
UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED.value[0]


def call(session, name, *args, lanes=(), **kwargs):
    request = pb.CallRequest(name=name, args=[encode_item(arg) for arg in args], lanes=lanes)
    if kwargs:
        request.kwargs.CopyFrom(encode_map(kwargs))
    return session.ask(call=request)


def results(response):
    assert response.WhichOneof("response") == "called", response
    return [decode_item(result) for result in response.called.results]


def set_attribute(session, name, *values):
    return session.ask(set_attribute=pb.SetAttributeRequest(name=name, values=[encode_item(v) for v in values]))


def test_methods_are_called_in_each_lane(open_session):
    session = open_session("envs_for_tests:counting", 3)
    session.reset(options=encode_map({"start": 2}))
    assert results(call(session, "multiply", 5)) == [10, 10, 10]
    assert results(call(session, "multiply", 5, plus=1, lanes=[2])) == [11]
    assert call(session, "multiply", 5, lanes=[3]).error.code == INVALID


def test_attributes_are_read_and_set_inside_the_wrappers(open_session):
    session = open_session("CartPole-v1", 2)
    assert results(call(session, "length")) == [0.5, 0.5]
    assert set_attribute(session, "length", 0.75).WhichOneof("response") == "attribute_set"
    assert results(call(session, "length")) == [0.75, 0.75]
    assert set_attribute(session, "length", 1, 2).WhichOneof("response") == "attribute_set"
    assert results(call(session, "length")) == [1, 2]


def test_set_attribute_reaches_the_environment(open_session):
    session = open_session("envs_for_tests:counting", 2)
    session.reset()
    set_attribute(session, "length", 1, 5)
    assert session.step(0, 0).step.terminated == b"\1\0"


def test_wrong_number_of_values_and_arguments_for_an_attribute_are_refused(open_session):
    session = open_session("envs_for_tests:counting", 3)
    assert "expected 1 for all lanes or 3" in set_attribute(session, "length", 1, 2).error.message
    assert set_attribute(session, "length").error.code == INVALID
    assert "takes no arguments" in call(session, "length", 1).error.message
    assert "has no attribute 'nothing'" in call(session, "nothing").error.message


def test_names_that_the_server_does_not_allow_are_refused_with_the_option(open_session):
    session = open_session("envs_for_tests:counting")
    for response in (call(session, "close"), set_attribute(session, "seed", 1)):
        assert response.error.code == REFUSED
        assert "--allow-attributes" in response.error.message
    assert call(session, "compute_reward").error.code == REFUSED


def test_private_names_are_refused_even_when_listed():
    allowed = AllowedAttributes(["_np_random"], has_goals=True)
    for check in (allowed.check_call, allowed.check_set):
        with pytest.raises(RequestError, match="leading underscore"):
            check("_np_random")


def test_method_that_raises_carries_its_traceback_and_leaves_the_lanes_alone(open_session):
    session = open_session("envs_for_tests:counting", 2)
    session.reset()
    error = call(session, "fail").error
    assert error.code == UNKNOWN
    assert error.message == "ValueError: this method always fails (lane 0)"
    assert "envs_for_tests.py" in debug_info(error)
    assert session.step(0, 0).HasField("step")


def test_results_that_cannot_be_sent_are_unimplemented(open_session):
    error = call(open_session("envs_for_tests:counting"), "myself").error
    assert error.code == UNIMPLEMENTED
    assert "myself gave what cannot be sent" in error.message


def test_rewards_of_goal_environments_are_computed_for_a_batch(server, open_session):
    session = open_session("envs_for_tests:goal", 2)
    assert "compute_reward" in session.opened.capabilities
    achieved, desired = np.zeros((5, 1), np.float32), np.linspace(0, 1, 5, dtype=np.float32)[:, None]
    expected = goal().compute_reward(achieved, desired, {})
    for infos in ([{"row": row} for row in range(5)], {"rows": np.arange(5)}):
        (rewards,) = results(call(session, "compute_reward", achieved, desired, infos, lanes=[0]))
        assert rewards.dtype == expected.dtype
        assert rewards.tobytes() == expected.tobytes()
    assert set_attribute(session, "compute_reward", 1).error.code == REFUSED


def test_list_names_the_attributes(server):
    with grpc.insecure_channel(server.address) as channel:
        stub = environment_pb2_grpc.EnvironmentServiceStub(channel)
        listed = {each.env_id: each for each in stub.ListEnvironments(pb.ListEnvironmentsRequest()).environments}
    assert "multiply" in listed["CartPole-v1"].allowed_attributes
    assert "compute_reward" not in listed["CartPole-v1"].allowed_attributes
    assert "compute_reward" in listed["envs_for_tests:goal"].allowed_attributes


def test_a_server_allows_no_attributes_by_default(start):
    server = start("serve-env", "CartPole-v1", "--address", "unix:env.sock", "--workers", "1")
    with Session(server.address) as session:
        assert call(session, "length").error.code == REFUSED

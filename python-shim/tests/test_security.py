"""TLS, client certificates and tokens: who gets in, what strangers see, and what the others are told."""

import contextlib
import dataclasses
import pickle
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from support import HERE, ServerProcess, Session, Stream, children

import gymbridge
from gymbridge.credentials import NONE, Credentials, channel, ssl_context
from gymbridge.security import Security, SecurityError
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

CERTIFICATES = HERE.parent.parent / "testdata" / "certs"
CA, OTHER_CA = str(CERTIFICATES / "ca.pem"), str(CERTIFICATES / "other-ca.pem")
SERVER_TLS = ["--tls-cert", str(CERTIFICATES / "server.pem"), "--tls-key", str(CERTIFICATES / "server.key")]
MUTUAL_TLS = [*SERVER_TLS, "--tls-client-ca", CA]
TOKEN = "a-token-for-tests-0123456789"
COUNTING, RAISING = "envs_for_tests:counting", "envs_for_tests:raises_in_step"
LISTED = pb.ListEnvironmentsRequest()


def client(name):
    return {"tls_cert": str(CERTIFICATES / f"{name}.pem"), "tls_key": str(CERTIFICATES / f"{name}.key")}


def failure(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    return caught.value


def environments(address, credentials=NONE):
    with channel(address, credentials) as open_channel:
        return environment_pb2_grpc.EnvironmentServiceStub(open_channel).ListEnvironments(LISTED, timeout=20)


def services(address, credentials=NONE):
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    with channel(address, credentials) as open_channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(open_channel)
        (response,) = stub.ServerReflectionInfo(iter([request]), timeout=20)
    return [service.name for service in response.list_services_response.service]


def health(address, credentials=NONE):
    with channel(address, credentials) as open_channel:
        return health_pb2_grpc.HealthStub(open_channel).Check(health_pb2.HealthCheckRequest(), timeout=20).status


def traceback(address, credentials):
    """What a client gets to see of an environment that raises."""
    with Session(address, RAISING, max_shards=1, credentials=credentials) as session:
        session.reset()
        error = [session.step(0) for _ in range(3)][-1].error
    assert error.code == grpc.StatusCode.UNKNOWN.value[0]
    assert "ValueError" in error.message
    info = error_details_pb2.DebugInfo()
    return [line for detail in error.details if detail.Unpack(info) for line in info.stack_entries]


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Starts servers, one for each list of arguments, that last as long as the module."""
    servers = {}

    def serve(*arguments, **environment):
        if arguments not in servers:
            directory = tmp_path_factory.mktemp("server")
            servers[arguments] = ServerProcess(*arguments, cwd=directory, **environment)
        assert servers[arguments].address, servers[arguments].log
        return servers[arguments]

    yield serve
    for server in servers.values():
        server.close()


@pytest.fixture
def guarded(serve):
    """A server with TLS and a token."""
    options = ["--address", "127.0.0.1:0", "--workers", "2", *SERVER_TLS]
    return serve("serve-env", COUNTING, RAISING, *options, GYMBRIDGE_TOKEN=TOKEN)


@pytest.fixture
def mutual(serve):
    """A server that wants certificates of its clients."""
    return serve("serve-env", COUNTING, "--address", "127.0.0.1:0", "--workers", "2", *MUTUAL_TLS)


@pytest.fixture
def policies(serve, tmp_path_factory):
    """A policy server that wants certificates and a token."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(TOKEN + "\n")
    act = tmp_path_factory.mktemp("policy") / "one.py"
    act.write_text("import numpy as np\ndef act(observations):\n    return np.ones(len(observations), np.int64)\n")
    options = ["--env", "CartPole-v1", "--address", "localhost:0", *MUTUAL_TLS, "--token-file", str(file)]
    return serve("serve-policy", f"{act}:act", *options)


GOOD = Credentials(tls_ca=CA, token=TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_session_over_tls_with_the_token_works(guarded, host):
    address = guarded.address.replace("127.0.0.1", host)
    with Session(address, COUNTING, 4, credentials=GOOD) as session:
        assert len(session.streams) == 2
        for stream in session.streams:
            assert stream.ask(reset=pb.ResetRequest()).HasField("reset")
            assert stream.ask(step=pb.StepRequest(actions=session.actions.encode(session.actions.stack([0, 0])))).step


@pytest.mark.parametrize(
    ("token", "message"), [(None, "wants a token"), ("not-the-token-at-all", "is not this server's")]
)
def test_call_without_the_token_is_refused_everywhere_but_for_health(guarded, token, message):
    credentials = dataclasses.replace(GOOD, token=token)
    error = failure(environments, guarded.address, credentials)
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    assert message in error.details()
    assert "--token-file" in error.details()
    assert failure(services, guarded.address, credentials).code() == grpc.StatusCode.UNAUTHENTICATED
    assert health(guarded.address, credentials) == health_pb2.HealthCheckResponse.SERVING


def test_workers_want_the_token_too(guarded):
    with Session(guarded.address, COUNTING, 1, credentials=GOOD) as session:
        (shard,) = session.opened.shards
        stream = Stream(guarded.address, shard, dataclasses.replace(GOOD, token=None))
        error = failure(stream.attach, shard.token)
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
        assert "--token-file" in error.details()
        stream.close()
        assert session.reset().HasField("reset")


def test_workers_take_no_plaintext_where_there_is_tls(guarded):
    with Session(guarded.address, COUNTING, 1, credentials=GOOD) as session:
        (shard,) = session.opened.shards
        stream = Stream(guarded.address, shard, Credentials(token=TOKEN))
        assert failure(stream.attach, shard.token).code() == grpc.StatusCode.UNAVAILABLE
        stream.close()
        assert session.reset().HasField("reset")


def test_those_with_the_token_see_tracebacks_and_services(guarded):
    assert any("ValueError" in line for line in traceback(guarded.address, GOOD))
    assert "gymbridge.v1.EnvironmentService" in services(guarded.address, GOOD)


def test_secrets_are_not_logged_and_not_in_the_workers_environment(guarded):
    secrets = [TOKEN]
    with Session(guarded.address, COUNTING, 2, credentials=GOOD) as session:
        secrets += [session.opened.session_id, *(shard.token for shard in session.opened.shards)]
        with pytest.raises(grpc.RpcError):
            environments(guarded.address, Credentials(tls_ca=CA, token="another-token-0123456789"))
        for worker in children(guarded.process.pid):
            environment = Path(f"/proc/{worker}/environ").read_bytes()
            assert b"PATH=" in environment
            assert not any(secret.encode() in environment for secret in secrets)
            arguments = Path(f"/proc/{worker}/cmdline").read_bytes()
            assert not any(secret.encode() in arguments for secret in secrets)
    assert "session closed" in guarded.log
    assert not any(secret in guarded.log for secret in [*secrets, "another-token-0123456789"])


def test_certificates_of_the_right_authority_open_a_session(mutual):
    credentials = Credentials(tls_ca=CA, **client("client"))
    with Session(mutual.address, COUNTING, 2, credentials=credentials) as session:
        for stream in session.streams:
            assert stream.ask(reset=pb.ResetRequest()).HasField("reset")
    assert "gymbridge.v1.EnvironmentService" in services(mutual.address, credentials)


@pytest.mark.parametrize("more", [{}, client("other-client")], ids=["none", "of another authority"])
def test_other_certificates_open_nothing(mutual, more):
    credentials = Credentials(tls_ca=CA, **more)
    assert failure(environments, mutual.address, credentials).code() == grpc.StatusCode.UNAVAILABLE
    own = Credentials(tls_ca=CA, **client("client"))
    with Session(mutual.address, COUNTING, 1, credentials=own) as session:
        (shard,) = session.opened.shards
        stream = Stream(mutual.address, shard, credentials)
        assert failure(stream.attach, shard.token).code() == grpc.StatusCode.UNAVAILABLE
        stream.close()
        assert session.reset().HasField("reset")


def test_open_server_shows_strangers_no_traceback_and_no_services(serve):
    server = serve("serve-env", COUNTING, RAISING, "--address", "0.0.0.0:0", "--insecure", "--workers", "1")
    address = server.address.replace("0.0.0.0", "127.0.0.1")
    assert traceback(address, NONE) == []
    assert failure(services, address).code() == grpc.StatusCode.UNIMPLEMENTED
    assert health(address) == health_pb2.HealthCheckResponse.SERVING


def test_remote_policy_with_certificate_and_token_acts(policies):
    credentials = Credentials(tls_ca=CA, token=TOKEN, **client("client"))
    with gymbridge.RemotePolicy(policies.address, credentials=credentials) as policy:
        assert policy.predict(policy.observation_space.sample())[0] == 1


@pytest.mark.parametrize(
    ("credentials", "kind", "message"),
    [
        (Credentials(tls_ca=CA, **client("client")), PermissionError, "wants a token"),
        (Credentials(tls_ca=CA, token=TOKEN[1:], **client("client")), PermissionError, "not this server's"),
        (Credentials(tls_ca=CA, token=TOKEN), ConnectionError, "give one: --tls-cert"),
        (Credentials(tls_ca=CA, token=TOKEN, **client("other-client")), ConnectionError, "authority of --tls-cert"),
        (Credentials(tls_ca=OTHER_CA, token=TOKEN, **client("client")), ConnectionError, "authority of --tls-ca"),
        (Credentials(token=TOKEN), ConnectionError, "if the server speaks TLS"),
    ],
    ids=["no token", "wrong token", "no certificate", "other certificate", "other authority", "plaintext"],
)
def test_remote_policy_says_what_is_missing(policies, credentials, kind, message):
    with pytest.raises(kind, match=message) as caught:
        gymbridge.RemotePolicy(policies.address, timeout=20, credentials=credentials)
    assert TOKEN not in str(caught.value)


def test_tls_against_a_server_without_it_is_told(serve):
    server = serve("serve-env", COUNTING, "--address", "127.0.0.1:0", "--workers", "1")
    with pytest.raises(ConnectionError, match="does not speak TLS"):
        gymbridge.RemotePolicy(server.address, timeout=20, credentials=Credentials(tls_ca=CA))


def test_remote_environments_go_over_tls_with_the_token(guarded):
    with_token = {"credentials": GOOD, "env_id": COUNTING}
    with contextlib.closing(gymbridge.RemoteEnv(guarded.address, **with_token)) as env:
        assert env.reset(seed=1)[0] in env.observation_space
        env.step(0)
        assert TOKEN not in repr(env.spec)
    with contextlib.closing(gymbridge.RemoteVectorEnv(guarded.address, num_envs=4, **with_token)) as envs:
        envs.reset(seed=1)
        for _ in range(20):
            envs.step(np.zeros(4, np.int64))
        # A pickled environment brings its credentials along.
        with contextlib.closing(pickle.loads(pickle.dumps(envs))) as again:
            again.reset()


def test_remote_environments_show_their_certificate(mutual):
    credentials = Credentials(tls_ca=CA, **client("client"))
    with contextlib.closing(gymbridge.RemoteEnv(mutual.address, COUNTING, credentials=credentials)) as env:
        env.reset()
        env.step(0)


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        (Credentials(tls_ca=CA), "wants a token"),
        (Credentials(tls_ca=CA, token=TOKEN[1:]), "is not this server's"),
        (Credentials(tls_ca=OTHER_CA, token=TOKEN), "authority of --tls-ca"),
        (Credentials(token=TOKEN), "if the server speaks TLS"),
    ],
    ids=["no token", "wrong token", "other authority", "plaintext"],
)
def test_remote_environment_says_what_is_missing(guarded, credentials, message):
    with pytest.raises(gymbridge.RemoteError, match=message) as caught:
        gymbridge.RemoteEnv(guarded.address, COUNTING, credentials=credentials)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [({}, "give one: --tls-cert"), (client("other-client"), "authority of --tls-cert")],
    ids=["no certificate", "other certificate"],
)
def test_remote_environment_says_that_its_certificate_is_wanted(mutual, more, message):
    with pytest.raises(gymbridge.RemoteError, match=message):
        gymbridge.RemoteEnv(mutual.address, COUNTING, credentials=Credentials(tls_ca=CA, **more))


def test_remote_environment_is_told_of_a_server_without_tls(serve):
    server = serve("serve-env", COUNTING, "--address", "127.0.0.1:0", "--workers", "1")
    with pytest.raises(gymbridge.RemoteError, match="does not speak TLS"):
        gymbridge.RemoteEnv(server.address, COUNTING, credentials=Credentials(tls_ca=CA))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--address", "0.0.0.0:0"], "--tls-cert FILE"),
        (["--address", "0.0.0.0:0", "--token-file", "token"], "the token and all else would be readable"),
        (["--address", "unix:s.sock", *SERVER_TLS], "through the file system"),
        (["--tls-cert", CA], "belong together"),
        (["--tls-client-ca", CA], "needs --tls-cert"),
        (["--tls-cert", CA, "--tls-key", str(CERTIFICATES / "server.key")], "key values mismatch"),
        (["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.key"], "No such file"),
        ([*SERVER_TLS, "--tls-client-ca", "token"], "no certificate or crl found"),
        (["--token-file", "nowhere"], "No such file"),
        (["--token-file", "short"], "16 or more visible ASCII"),
    ],
)
def test_options_that_do_not_do_are_refused_at_the_start(start, tmp_path, options, message):
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "short").write_text("hunter2")
    server = start("serve-env", COUNTING, *options)
    assert server.address is None
    assert server.process.wait(20) == 2
    assert message in server.log
    assert "Traceback" not in server.log
    assert TOKEN not in server.log and "hunter2" not in server.log


def test_token_travels_to_other_machines_only_in_tls_or_on_demand():
    with pytest.raises(ValueError, match="readable by all on the way"):
        channel("example.org:1", Credentials(token=TOKEN))
    assert ssl_context(Credentials(token=TOKEN, insecure=True), "example.org:1") is None
    assert ssl_context(Credentials(token=TOKEN), "127.0.0.1:1") is None
    assert ssl_context(Credentials(token=TOKEN, tls_ca=CA), "example.org:1") is not None
    assert ssl_context(Credentials(token=TOKEN, tls_ca=CA), "unix:/tmp/s.sock") is None


def test_credentials_do_not_show_their_token():
    assert TOKEN not in repr(Credentials(token=TOKEN))
    assert TOKEN not in repr(Security(token=TOKEN))
    with pytest.raises(SecurityError) as caught:
        Credentials(token="hunter2 hunter2 hunter2")
    assert "hunter2" not in str(caught.value)

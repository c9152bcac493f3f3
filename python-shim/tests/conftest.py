import comparisons
import pytest
from support import ServerProcess, Session

OWN = [
    "raises_in_step",
    "raises_in_constructor",
    "hangs_in_step",
    "kills_itself",
    "odd_infos",
    "bad_returns",
    "multi_spaces",
    "multi_discrete",
    "multi_binary",
    "image",
    "variable_size",
    "counting",
    "truncating",
    "nested_infos",
    "goal",
    "unsaveable",
]
ATTRIBUTES = "length,count,multiply,fail,myself,nothing"
OFFERED = [
    "CartPole-v1",
    "FrozenLake-v1",
    "Hopper-v5",
    "HalfCheetah-v5",
    "Reacher-v5",
    *(f"envs_for_tests:{name}" for name in OWN),
]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server of everything, for the tests that leave it as it was."""
    directory = tmp_path_factory.mktemp("server")
    server = ServerProcess(
        *("serve-env", *OFFERED, "--address", "unix:env.sock"),
        *("--allow-kwargs", "length,what", "--allow-attributes", ATTRIBUTES),
        cwd=directory,
    )
    assert server.address, server.log
    yield server
    server.close()


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """The address of a server of Gymnasium's environments, for the suites that compare them with local ones."""
    options = ["--address", "unix:env.sock", "--max-sessions", "32"]
    server = ServerProcess("serve-env", *comparisons.ALL, *options, cwd=tmp_path_factory.mktemp("zoo"))
    assert server.address, server.log
    yield server.address
    server.close()


@pytest.fixture
def start(tmp_path):
    """Starts further servers, which end with the test."""
    servers = []

    def start(*arguments, **environment):
        servers.append(ServerProcess(*arguments, cwd=tmp_path, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def open_session(server):
    """Opens sessions of one shard on the common server; they end with the test."""
    sessions = []

    def open_session(env_id, num_envs=1, **request):
        sessions.append(Session(server.address, env_id, num_envs, **{"max_shards": 1, **request}))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()

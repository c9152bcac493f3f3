"""Suites for a server of the environments written in Java, which `mvn verify` starts and runs them against.

GYMBRIDGE_JAVA_SERVER is its address, GYMBRIDGE_TRAJECTORIES the folder of what its environments did in process.
"""

import os
from pathlib import Path

import pytest

from gymbridge.credentials import NONE, channel
from gymbridge.v1 import environment_pb2 as pb
from gymbridge.v1 import environment_pb2_grpc

ADDRESS = os.environ.get("GYMBRIDGE_JAVA_SERVER", "")


def offered() -> list[str]:
    """The ids that the server lists."""
    if not ADDRESS:
        raise pytest.UsageError("GYMBRIDGE_JAVA_SERVER is not set: PythonSuitesTest in server runs these tests")
    with channel(ADDRESS, NONE) as connection:
        stub = environment_pb2_grpc.EnvironmentServiceStub(connection)
        answer = stub.ListEnvironments(pb.ListEnvironmentsRequest(), timeout=30)
    return [environment.env_id for environment in answer.environments]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes an `env_id` runs for each environment that the server lists."""
    if "env_id" in metafunc.fixturenames:
        metafunc.parametrize("env_id", offered())


@pytest.fixture(scope="session")
def address() -> str:
    return ADDRESS


@pytest.fixture(scope="session")
def trajectories() -> Path:
    return Path(os.environ["GYMBRIDGE_TRAJECTORIES"])

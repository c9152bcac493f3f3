"""RemoteEnv before the suites that others wrote: Gymnasium's checker, and its comparison of two environments."""

import comparisons
import pytest
from gymnasium.utils.env_checker import check_env

import gymbridge
from gymbridge.env.factory import find_factory


@pytest.mark.parametrize("env_id", comparisons.ALL)
def test_check_env_warns_of_nothing_that_it_does_not_warn_of_locally(zoo, env_id):
    local = find_factory(env_id)()
    # Gymnasium's own render only where pygame or a graphics library is installed.
    skip_render_check = env_id not in comparisons.OWN
    with gymbridge.RemoteEnv(zoo, env_id) as remote:
        ours = comparisons.warnings_of_check_env(remote, skip_render_check)
        assert ours <= comparisons.warnings_of_check_env(local.unwrapped, True)
    local.close()


@pytest.mark.parametrize("transport", ["shm", "grpc"])
@pytest.mark.parametrize("env_id", comparisons.ALL)
def test_episodes_equal_those_of_a_local_env(zoo, env_id, transport):
    local = comparisons.make_local(env_id)
    with gymbridge.RemoteEnv(zoo, env_id, transport=transport) as remote:
        comparisons.check_spaces(local, remote)
        comparisons.check_match(local, remote, 50)
        comparisons.check_seeds(local, remote, range(3), 30)
    local.close()


def test_check_env_passes_through_make_with_its_wrappers(zoo):
    import gymnasium as gym

    env = gym.make("gymbridge/Remote-v0", address=zoo, env_id="FrozenLake-v1")
    check_env(env.unwrapped, skip_render_check=True)
    env.close()

package io.gymbridge.envs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.Env;
import io.gymbridge.core.testing.EnvContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract, for every environment of the list. */
class EnvContractTest {
  @Test
  void no_environment_is_left_out() {
    assertEquals(Envs.ids().size(), EnvContractTest.class.getDeclaredClasses().length);
  }

  @Nested
  class CartPoleContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("CartPole-v1");
    }
  }

  @Nested
  class MountainCarContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("MountainCar-v0");
    }
  }

  @Nested
  class MountainCarContinuousContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("MountainCarContinuous-v0");
    }
  }

  @Nested
  class PendulumContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("Pendulum-v1");
    }
  }

  @Nested
  class AcrobotContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("Acrobot-v1");
    }
  }

  @Nested
  class BlackjackContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("Blackjack-v1");
    }
  }

  @Nested
  class FrozenLakeContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("FrozenLake-v1");
    }
  }

  @Nested
  class FrozenLake8x8Contract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("FrozenLake8x8-v1");
    }
  }

  @Nested
  class CliffWalkingContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("CliffWalking-v1");
    }

    @Override
    protected boolean dependsOnSeed() {
      return false;
    }
  }

  @Nested
  class CliffWalkingSlipperyContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("CliffWalkingSlippery-v1");
    }
  }

  @Nested
  class TaxiContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("Taxi-v4");
    }
  }

  @Nested
  class GridWorldContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("gymbridge/GridWorld-v0");
    }
  }

  @Nested
  class ObjectWorldContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("gymbridge/ObjectWorld-v0");
    }
  }

  @Nested
  class PointMazeContract extends EnvContract {
    @Override
    protected Env make() {
      return Envs.make("gymbridge/PointMaze-v0");
    }
  }
}

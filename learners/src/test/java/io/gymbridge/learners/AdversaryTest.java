package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** GAIL and AIRL: their rewards' definitions, and that they imitate. */
class AdversaryTest {

  /** An expert in one line: push to where the pole falls. */
  private static Transitions expert(int episodes) {
    try (VectorEnv env = cartPole()) {
      return new Demonstrations(
              env.spec().observationSpace(),
              env.spec().actionSpace(),
              EpisodeLoop.play(
                  env,
                  (observations, active) -> {
                    double[] seen = observations.array().toDoubles();
                    long[] pushes = new long[active.length];
                    for (int lane = 0; lane < pushes.length; lane++) {
                      double lean =
                          seen[4 * lane + 2]
                              + 0.5 * seen[4 * lane + 3]
                              + 0.05 * seen[4 * lane]
                              + 0.1 * seen[4 * lane + 1];
                      pushes[lane] = lean > 0 ? 1 : 0;
                    }
                    return io.gymbridge.core.NdArray.of(pushes, pushes.length);
                  },
                  episodes,
                  3,
                  episode -> {}))
          .transitions();
    }
  }

  private static VectorEnv cartPole() {
    return new SyncVectorEnv(() -> Envs.make("CartPole-v1"), 8, AutoresetMode.NEXT_STEP);
  }

  @Test
  void gail_balances_the_pole_without_its_reward() {
    PolicyNetwork imitator =
        new Gail(Gail.Config.defaults()).start(cartPole(), expert(1), 200_000, null).run(now -> {});
    assertTrue(OnPolicyTest.play(imitator) >= 475);
  }

  @Test
  void a_discriminator_finds_out_who_is_who() {
    Transitions demonstrations = expert(2);
    VectorEnv env = cartPole();
    PolicyNetwork policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            1);
    RolloutCollector collector = new RolloutCollector(env, policy, true, false, 2);
    collector.reset(1);
    Rollout rollout = collector.rollout(100);
    collector.collect(rollout);
    for (boolean absorbing : new boolean[] {false, true}) {
      TransitionEncoder encoder = new TransitionEncoder(policy.encoder(), policy.head(), absorbing);
      Gail.Network network = new Gail.Network(Gail.Config.defaults(), encoder, 3);
      AdversarialConfig config =
          new AdversarialConfig(
              Ppo.Config.defaults(), 128, 300, 1e-3, 0, false, 0, 4096, absorbing);
      Adversary adversary = new Adversary(config, network, demonstrations, 4);
      adversary.apply(rollout, policy);
      OnPolicy.Discrimination told = adversary.apply(rollout, policy);
      assertTrue(told.expertAccuracy() > 0.8 && told.generatorAccuracy() > 0.8, told.toString());
      assertTrue(told.expertLogit() > told.generatorLogit());
    }
  }

  /** The logits' gradient by the parameters, through one step of plain descent's direction. */
  @Test
  void descending_lowers_the_loss_of_both_discriminators() {
    Transitions demonstrations = expert(1);
    VectorEnv env = cartPole();
    PolicyNetwork policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            1);
    TransitionEncoder encoder = new TransitionEncoder(policy.encoder(), policy.head(), true);
    TransitionBatch batch = encoder.encode(demonstrations);
    int n = 64;
    encoder.observe(batch, n);
    double[] logs = new SplittableRandom(1).doubles(n, -1, 0).toArray();
    for (Discriminator discriminator :
        List.of(
            new Gail.Network(Gail.Config.defaults(), encoder, 1),
            new Airl.Network(Airl.Config.defaults(), encoder, 1))) {
      double before = 0;
      double after = 0;
      double[] logits = new double[n];
      for (int step = 0; step < 50; step++) {
        discriminator.logits(batch, n, logs, logits);
        double[] gradient = new double[n];
        double loss = 0;
        for (int i = 0; i < n; i++) {
          double label = i % 2;
          loss += Adversary.softplus(label == 1 ? -logits[i] : logits[i]) / n;
          gradient[i] = (1 / (1 + Math.exp(-logits[i])) - label) / n;
        }
        before = step == 0 ? loss : before;
        after = loss;
        discriminator.descend(batch, n, gradient);
      }
      assertTrue(after < before, discriminator.getClass() + ": " + before + " → " + after);
    }
  }

  @Test
  void rewards_have_the_signs_that_they_are_said_to_have() {
    VectorEnv env = cartPole();
    PolicyNetwork policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            1);
    TransitionEncoder encoder = new TransitionEncoder(policy.encoder(), policy.head(), false);
    TransitionBatch batch = encoder.encode(expert(1));
    Gail.Config gail = Gail.Config.defaults();
    double[] logProbabilities = {0, -1, -2, -3, -4, -5, -6, -7};
    double[] logits = new double[8];
    double[] rewards = new double[8];
    for (Gail.Reward reward : Gail.Reward.values()) {
      Gail.Network network =
          new Gail.Network(
              new Gail.Config(gail.adversarial(), gail.discriminatorHidden(), reward, 0.5),
              encoder,
              7);
      network.logits(batch, 8, logProbabilities, logits);
      network.rewards(batch, 8, logProbabilities, rewards);
      for (int i = 0; i < 8; i++) {
        double d = 1 / (1 + Math.exp(-logits[i]));
        double expected =
            switch (reward) {
              case POSITIVE -> -Math.log(1 - d);
              case NEGATIVE -> Math.log(d);
              case LOGIT -> Math.log(d) - Math.log(1 - d);
            };
        assertEquals(expected - 0.5 * logProbabilities[i], rewards[i], 1e-9);
      }
    }
  }
}

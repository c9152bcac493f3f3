package io.gymbridge.learners;

/**
 * What GAIL and AIRL have in common.
 *
 * @param generator of the policy: PPO or TRPO; its seed is that of everything
 * @param discriminatorBatchSize transitions of each side in an update of the discriminator
 * @param discriminatorUpdates of it per round; 0 leaves it as it begins, which is the control that
 *     shows what the reward's sign alone does
 * @param discriminatorLearningRate of its Adam
 * @param discriminatorWeightDecay decoupled (AdamW)
 * @param discriminatorSpectralNorm whether each of its layers' weights are kept at a largest
 *     singular value of at most 1 (Miyato et al. 2018), so that it cannot be steep
 * @param discriminatorEntropyWeight of the entropy of its opinion, which keeps it from being too
 *     sure; 1e-3 in the code of GAIL's paper
 * @param replay how many of the learner's latest transitions it is trained on
 * @param absorbing whether what comes after the task's end is a state of its own, with a reward
 *     that is learned (Kostrikov et al. 2019)
 */
public record AdversarialConfig(
    Generator.Config generator,
    int discriminatorBatchSize,
    int discriminatorUpdates,
    double discriminatorLearningRate,
    double discriminatorWeightDecay,
    boolean discriminatorSpectralNorm,
    double discriminatorEntropyWeight,
    int replay,
    boolean absorbing) {
  public AdversarialConfig {
    Checks.within(1, Discriminator.CHUNK / 2, "discriminatorBatchSize", discriminatorBatchSize);
    Checks.atLeast(0, "discriminatorUpdates", discriminatorUpdates);
    Checks.positive("discriminatorLearningRate", discriminatorLearningRate);
    Checks.within(0, Double.MAX_VALUE, "discriminatorWeightDecay", discriminatorWeightDecay);
    Checks.within(0, Double.MAX_VALUE, "discriminatorEntropyWeight", discriminatorEntropyWeight);
    Checks.atLeast(1, "replay", replay);
  }

  /**
   * PPO's defaults, but with rollouts half as long: the discriminator's opinion changes, and a
   * policy that is asked more often keeps up with it. 8 updates of 512 and 512, replay of 8192, as
   * imitation 1.0 has it.
   */
  public static AdversarialConfig defaults() {
    Ppo.Config ppo = Ppo.Config.defaults();
    return new AdversarialConfig(
        ppo.withActing(ppo.acting().withRolloutSteps(128)),
        512,
        8,
        1e-3,
        0,
        false,
        1e-3,
        8192,
        false);
  }

  /** A copy with another generator. */
  public AdversarialConfig withGenerator(Generator.Config newGenerator) {
    return new AdversarialConfig(
        newGenerator,
        discriminatorBatchSize,
        discriminatorUpdates,
        discriminatorLearningRate,
        discriminatorWeightDecay,
        discriminatorSpectralNorm,
        discriminatorEntropyWeight,
        replay,
        absorbing);
  }

  AdversarialConfig withAbsorbing(boolean newAbsorbing) {
    return new AdversarialConfig(
        generator,
        discriminatorBatchSize,
        discriminatorUpdates,
        discriminatorLearningRate,
        discriminatorWeightDecay,
        discriminatorSpectralNorm,
        discriminatorEntropyWeight,
        replay,
        newAbsorbing);
  }
}

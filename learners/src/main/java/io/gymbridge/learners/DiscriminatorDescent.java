package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.learners.nn.Adam;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import java.util.List;

/** Takes a discriminator's networks down a gradient, and keeps them from being too sure. */
final class DiscriminatorDescent {
  private final AdversarialConfig config;
  private final Adam adam;
  private final List<Mlp> networks;
  private final List<Mlp.Spectrum> spectra;

  /**
   * @param parameters of all networks together
   */
  DiscriminatorDescent(AdversarialConfig config, float[] parameters, Mlp... networks) {
    this.config = config;
    this.adam = new Adam(parameters, 1e-8);
    this.networks = List.of(networks);
    this.spectra =
        config.discriminatorSpectralNorm()
            ? Arrays.stream(networks).map(Mlp::spectrum).toList()
            : List.of();
  }

  void step(float[] gradient) {
    double rate = config.discriminatorLearningRate();
    networks.forEach(network -> network.decay(rate * config.discriminatorWeightDecay()));
    adam.step(gradient, rate);
    spectra.forEach(Mlp.Spectrum::limit);
  }

  void exchange(EnvState saved) {
    adam.exchange(saved);
    spectra.forEach(spectrum -> spectrum.exchange(saved));
  }
}

/**
 * What {@code gymbridge bench bridge} measures, and what it makes of it.
 *
 * <p>{@link Plan} lists the cells of the table; {@link SystemsUnderTest} opens them, each as a
 * {@link io.gymbridge.cli.bench.SystemUnderTest}; {@link Results} collects their repetitions;
 * {@link Targets}, {@link Breakdown}, {@link MarkdownReport} and {@link ScalingChart} read the
 * results. The systems that run in Python are in {@code benchmarks/bridge}, one file a kind.
 */
@NullMarked
package io.gymbridge.cli.bridge;

import org.jspecify.annotations.NullMarked;

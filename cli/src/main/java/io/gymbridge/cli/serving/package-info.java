/**
 * What {@code gymbridge bench serving} measures, and what it makes of it.
 *
 * <p>{@link io.gymbridge.cli.serving.Caller} asks a server, {@link
 * io.gymbridge.cli.serving.ClosedLoop} and {@link io.gymbridge.cli.serving.OpenLoop} have many of
 * them ask; {@link io.gymbridge.cli.serving.Cell} says which systems are measured in turn, {@link
 * io.gymbridge.cli.serving.Systems} opens them. {@link io.gymbridge.cli.serving.SwapTrial} and
 * {@link io.gymbridge.cli.serving.OverloadTrial} are what a server must bear. {@link
 * io.gymbridge.cli.serving.ServingReport} makes tables of all that. The Python part is in {@code
 * benchmarks/serving}.
 */
@NullMarked
package io.gymbridge.cli.serving;

import org.jspecify.annotations.NullMarked;

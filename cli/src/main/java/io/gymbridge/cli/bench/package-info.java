/**
 * What the benchmarks have in common: a {@link SystemUnderTest} that is measured several times,
 * Python processes that hold other people's, with an environment of their own each, and the
 * statistics and tables of the repetitions.
 */
@NullMarked
package io.gymbridge.cli.bench;

import org.jspecify.annotations.NullMarked;

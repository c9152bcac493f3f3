/**
 * What {@code gymbridge bench learners} measures, and what it makes of it.
 *
 * <p>{@link Algorithm} says what is compared with whose and how fast ours should be; {@link
 * LearnerResults} collects the repetitions, {@link LearnerReport} makes tables of them. Other
 * people's learners are in {@code benchmarks/learners}.
 */
@NullMarked
package io.gymbridge.cli.learning;

import org.jspecify.annotations.NullMarked;

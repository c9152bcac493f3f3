/**
 * JMH benchmarks of what a single call is made of. Whole runs beside peers are {@code gymbridge
 * bench}.
 */
@NullMarked
package io.gymbridge.benchmarks;

import org.jspecify.annotations.NullMarked;

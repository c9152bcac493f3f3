/** Tests of the benchmark of serving, and faults that a policy server has to bear. */
@NullMarked
package io.gymbridge.cli.serving;

import org.jspecify.annotations.NullMarked;

/** Tests of the policy server through real connections. */
@NullMarked
package io.gymbridge.server.policy;

import org.jspecify.annotations.NullMarked;

/** Tests against real Python servers, one for each class of tests. */
@NullMarked
package io.gymbridge.client;

import org.jspecify.annotations.NullMarked;

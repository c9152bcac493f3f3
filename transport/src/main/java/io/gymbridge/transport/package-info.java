/**
 * What client and server share: addresses and channels, the codec and the statuses.
 *
 * <p>This is the only place where protobuf's types and {@link io.gymbridge.core}'s meet. Start with
 * {@link io.gymbridge.transport.ValueCodec}, which carries observations and actions in the {@link
 * io.gymbridge.transport.Columns} of their space; {@link io.gymbridge.transport.SpaceCodec} and
 * {@link io.gymbridge.transport.ItemCodec} do the same for what is sent once, and {@link
 * io.gymbridge.transport.Statuses} for what goes wrong. {@link io.gymbridge.transport.Channels} and
 * {@link io.gymbridge.transport.Servers} open the two ends of a connection.
 */
@NullMarked
package io.gymbridge.transport;

import org.jspecify.annotations.NullMarked;

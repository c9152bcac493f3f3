package io.gymbridge.server.rollout;

/**
 * Which random numbers a block has.
 *
 * @param seed the generator's key
 * @param firstStep number of the block's first step
 * @param firstLane number of its first lane in the session
 * @param lanes how many lanes there are from there on
 */
public record Draws(long seed, long firstStep, int firstLane, int lanes) {}

package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where N lanes write what a step led to: little-endian arrays, one after the other in one piece of
 * memory, in the form in which they cross the wire. Made once, then written again every step.
 *
 * <p>In this order: rewards, {@code float64} (N); observations, N rows; last observations of the
 * lanes that ended, at most N rows; terminated and truncated, {@code uint8} (N) each.
 */
public final class StepBuffers {
  private final int numEnvs;
  private final int rowBytes;
  private final ByteBuffer rewards;
  private final ByteBuffer observations;
  private final ByteBuffer finalObservations;
  private final ByteBuffer terminated;
  private final ByteBuffer truncated;
  private int finals;

  /**
   * Buffers in {@code memory}, from its position on; it may be direct.
   *
   * @param rowBytes size of one observation; 0 where observations are held elsewhere
   * @throws IndexOutOfBoundsException if there are fewer than {@link #size} bytes
   */
  public StepBuffers(ByteBuffer memory, int numEnvs, int rowBytes) {
    this.numEnvs = numEnvs;
    this.rowBytes = rowBytes;
    int start = memory.position();
    int rows = numEnvs * rowBytes;
    rewards = part(memory, start, numEnvs * Double.BYTES);
    observations = part(memory, start + numEnvs * Double.BYTES, rows);
    finalObservations = part(memory, start + numEnvs * Double.BYTES + rows, rows);
    int flags = start + numEnvs * Double.BYTES + 2 * rows;
    terminated = part(memory, flags, numEnvs);
    truncated = part(memory, flags + numEnvs, numEnvs);
  }

  private static ByteBuffer part(ByteBuffer memory, int first, int bytes) {
    return memory.slice(first, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Buffers in new memory of the heap. */
  public static StepBuffers allocate(int numEnvs, int rowBytes) {
    return new StepBuffers(ByteBuffer.allocate(size(numEnvs, rowBytes)), numEnvs, rowBytes);
  }

  /** Bytes that the buffers of {@code numEnvs} lanes take. */
  public static int size(int numEnvs, int rowBytes) {
    return Math.multiplyExact(
        numEnvs, Math.addExact(Double.BYTES + 2, Math.multiplyExact(2, rowBytes)));
  }

  /** Number of lanes. */
  public int numEnvs() {
    return numEnvs;
  }

  /** N numbers of {@code float64}. */
  public ByteBuffer rewards() {
    return rewards;
  }

  /** N rows. */
  public ByteBuffer observations() {
    return observations;
  }

  /** Room for N rows, of which {@link #finals} count. */
  public ByteBuffer finalObservations() {
    return finalObservations;
  }

  /** N bytes, 1 where the task's own end was reached. */
  public ByteBuffer terminated() {
    return terminated;
  }

  /** N bytes, 1 where the episode was cut short from outside. */
  public ByteBuffer truncated() {
    return truncated;
  }

  /** How many lanes have left their last observation. */
  public int finals() {
    return finals;
  }

  /** Forgets the last step's last observations. */
  public void begin() {
    finals = 0;
  }

  /** Appends a lane's present observation to the last ones. */
  public void addFinal(int lane) {
    finalObservations.put(finals * rowBytes, observations, lane * rowBytes, rowBytes);
    finals++;
  }

  /** Whether a lane's episode ended with this step, for either reason. */
  public boolean ended(int lane) {
    return (terminated.get(lane) | truncated.get(lane)) != 0;
  }

  /** Writes a lane's reward and ends. */
  public void put(int lane, double reward, boolean isTerminated, boolean isTruncated) {
    rewards.putDouble(lane * Double.BYTES, reward);
    terminated.put(lane, (byte) (isTerminated ? 1 : 0));
    truncated.put(lane, (byte) (isTruncated ? 1 : 0));
  }
}

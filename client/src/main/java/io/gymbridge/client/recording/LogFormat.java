package io.gymbridge.client.recording;

/**
 * A log's bytes. All numbers are little-endian.
 *
 * <pre>
 * file    "GYMLOG" 0x0A, the format's version (uint8, 1), then records to the end
 * record  length of the body (int32), body, CRC-32C of the body (int32)
 * body    kind (uint8), then by kind
 *   0 header  source (uint8: 0 local, 1 served), an OpenSessionRequest
 *   1 reset   checksums (int32 × N), a ResetRequest
 *   2 step    checksums (int32 × N), a StepRequest
 * </pre>
 *
 * The messages are the protocol's; their arrays are those of all N lanes of the batch. The first
 * record is the header, the only one of its kind. A lane's checksum is the CRC-32C of the buffers
 * of its observation; after a step also of its reward (float64), of a byte whose bits are
 * terminated (1) and truncated (2), and, where it ended under SAME_STEP, of the buffers of its last
 * observation. 0 stands for a lane that was lost: what it does until its next reset is not to be
 * compared.
 *
 * <p>Records are only ever appended. A last record that is not all there is as good as absent.
 */
final class LogFormat {
  static final byte[] MAGIC = {'G', 'Y', 'M', 'L', 'O', 'G', '\n'};
  static final byte VERSION = 1;
  static final byte HEADER = 0;
  static final byte RESET = 1;
  static final byte STEP = 2;
  static final byte LOCAL = 0;
  static final byte SERVED = 1;

  private LogFormat() {}
}

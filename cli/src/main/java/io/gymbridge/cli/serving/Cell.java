package io.gymbridge.cli.serving;

import java.util.ArrayList;
import java.util.List;

/**
 * What is measured: how callers ask a server.
 *
 * @param server that is asked
 * @param way how
 * @param callers at the same time
 */
public record Cell(Server server, Way way, int callers) {
  /** Who answers. */
  public enum Server {
    GYMBRIDGE("gymbridge"),
    ECHO("echo without inference"),
    MLSERVER("MLServer");

    private final String label;

    Server(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  /** Who asks. */
  public enum Way {
    STREAM("native stream"),
    UNARY("native unary"),
    JAVA("RemotePolicy, Java"),
    PYTHON("RemotePolicy, Python"),
    TRITON("tritonclient"),
    GHZ("ghz");

    private final String label;

    Way(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    /** Whether questions come by the Open Inference Protocol, over TCP. */
    boolean open() {
      return this == TRITON || this == GHZ;
    }
  }

  /** Callers whose latencies the report shows. */
  static final int[] CALLERS = {1, 8, 32, 128};

  /** With ghz. */
  static final int[] GHZ_CALLERS = {1, 32};

  /**
   * All cells, in the table's order.
   *
   * @param peers whether other people's clients and servers are measured too
   */
  public static List<Cell> all(boolean peers) {
    List<Cell> cells = new ArrayList<>();
    for (Way way : List.of(Way.STREAM, Way.UNARY)) {
      for (int callers : CALLERS) {
        cells.add(new Cell(Server.GYMBRIDGE, way, callers));
      }
    }
    cells.add(new Cell(Server.ECHO, Way.STREAM, 1));
    for (Way way : List.of(Way.JAVA, Way.PYTHON)) {
      cells.add(new Cell(Server.GYMBRIDGE, way, 1));
      cells.add(new Cell(Server.ECHO, way, 1));
    }
    if (peers) {
      for (Server server : List.of(Server.GYMBRIDGE, Server.MLSERVER)) {
        cells.add(new Cell(server, Way.TRITON, 1));
        for (int callers : GHZ_CALLERS) {
          cells.add(new Cell(server, Way.GHZ, callers));
        }
      }
    }
    return cells;
  }

  /** For people, and for {@code --only}. */
  public String label() {
    return "%s, %s ×%d".formatted(server.label(), way.label(), callers);
  }
}

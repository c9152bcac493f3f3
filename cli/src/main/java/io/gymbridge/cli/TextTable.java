package io.gymbridge.cli;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text: the first column to the left, the others to the right. */
final class TextTable {
  private final List<List<String>> rows = new ArrayList<>();

  TextTable(String... header) {
    rows.add(List.of(header));
  }

  void row(String... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          cells.length + " cells in a table of " + rows.get(0).size());
    }
    rows.add(List.of(cells));
  }

  List<List<String>> rows() {
    return rows;
  }

  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 0; i < columns; i++) {
        String cell = rows.get(r).get(i);
        String padding = " ".repeat(widths[i] - cell.length());
        text.append(i == 0 ? "  " + cell + padding : "  " + padding + cell);
      }
      text.append('\n');
      if (r == 0) {
        for (int i = 0; i < columns; i++) {
          text.append("  ").append("─".repeat(widths[i]));
        }
        text.append('\n');
      }
    }
    return text.toString();
  }
}

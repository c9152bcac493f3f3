package io.gymbridge.cli.bench;

import java.util.ArrayList;
import java.util.List;

/** A table in Markdown, aligned so that it reads as plain text too: first column to the left. */
public final class MarkdownTable {
  private final List<List<String>> rows = new ArrayList<>();

  /** Without rows yet. */
  public MarkdownTable(String... header) {
    rows.add(List.of(header));
  }

  /** Adds a row, with as many cells as the header. */
  public void row(String... cells) {
    rows.add(List.of(cells));
  }

  /** Whether it has no rows. */
  public boolean isEmpty() {
    return rows.size() == 1;
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 0; i < widths.length; i++) {
        String cell = rows.get(r).get(i);
        String padding = " ".repeat(widths[i] - cell.length());
        text.append("| ").append(i == 0 ? cell + padding : padding + cell).append(' ');
      }
      text.append("|\n");
      if (r == 0) {
        for (int i = 0; i < widths.length; i++) {
          text.append("| ").append("-".repeat(widths[i] - 1)).append(i == 0 ? "- " : ": ");
        }
        text.append("|\n");
      }
    }
    return text.toString();
  }
}

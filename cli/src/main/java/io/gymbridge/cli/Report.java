package io.gymbridge.cli;

import java.util.Base64;
import java.util.List;

/** A page of results that needs nothing beside itself: pictures are inside. */
final class Report {
  private static final String STYLE =
      """
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2em auto; padding: 0 1em; color: #222; }
      h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
      table { border-collapse: collapse; } th, td { padding: .3em 1em; text-align: right; }
      th:first-child, td:first-child { text-align: left; } thead { border-bottom: 2px solid #222; }
      tbody tr:nth-child(even) { background: #f4f4f4; } img { max-width: 100%; }
      pre { background: #f4f4f4; padding: 1em; overflow-x: auto; } footer { margin-top: 3em; color: #666; }
      """;

  private final StringBuilder body = new StringBuilder();
  private final String title;

  Report(String title) {
    this.title = title;
    body.append("<h1>").append(escape(title)).append("</h1>\n");
  }

  Report heading(String text) {
    body.append("<h2>").append(escape(text)).append("</h2>\n");
    return this;
  }

  Report paragraph(String text) {
    body.append("<p>").append(escape(text)).append("</p>\n");
    return this;
  }

  Report commands(List<String> lines) {
    body.append("<pre>").append(escape(String.join("\n", lines))).append("</pre>\n");
    return this;
  }

  Report table(TextTable table) {
    body.append("<table>\n");
    for (int r = 0; r < table.rows().size(); r++) {
      String cell = r == 0 ? "th" : "td";
      body.append(r == 0 ? "<thead><tr>" : "<tr>");
      for (String text : table.rows().get(r)) {
        body.append('<')
            .append(cell)
            .append('>')
            .append(escape(text))
            .append("</")
            .append(cell)
            .append('>');
      }
      body.append(r == 0 ? "</tr></thead><tbody>\n" : "</tr>\n");
    }
    body.append("</tbody></table>\n");
    return this;
  }

  /**
   * A picture.
   *
   * @param type e.g. {@code gif}
   */
  Report picture(String type, byte[] content, String description) {
    body.append("<img src=\"data:image/")
        .append(type)
        .append(";base64,")
        .append(Base64.getEncoder().encodeToString(content))
        .append("\" alt=\"")
        .append(escape(description))
        .append("\">\n");
    return this;
  }

  String toHtml() {
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>%s</title><style>
        %s</style></head><body>
        %s<footer>Made by gymbridge 0.1.0</footer></body></html>
        """
        .formatted(escape(title), STYLE, body);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}

package dev.save4j.report;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * What the pages of all reports have in common. Everything is inline: no script, nothing from outside, and a policy that forbids the browser to
 * fetch anything.
 */
public final class Page {
    private static final String STYLE = "report.css";

    private final Html html = new Html();

    public Page(String title) {
        html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .raw("<meta http-equiv=\"Content-Security-Policy\""
                        + " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n")
                .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .element("<title>", title + " - save4j")
                .raw("<style>\n" + style() + "</style>\n</head>\n<body>\n<main>\n");
    }

    public Html html() {
        return html;
    }

    /** The head of the page, and notes on what is missing or was left out. */
    public void head(String title, boolean complete, List<String> facts, List<String> notes, Pictures pictures) {
        html.raw("<header>\n")
                .element("<h1>", title)
                .element(
                        complete ? "<span class=\"badge\">" : "<span class=\"badge open\">",
                        complete ? "complete" : "in progress")
                .element("<div class=\"facts\">", String.join(" · ", facts))
                .raw("</header>\n");
        notes.forEach(note -> html.element("<div class=\"note\">", "While reading: " + note + "."));
        pictures.obstacle().ifPresent(reason -> html.element("<div class=\"note\">", reason));
    }

    /** The plots of a section under its title; nothing when it has none. */
    public void plots(Plot.Section section, Pictures pictures) {
        List<Pictures.Picture> shown = pictures.of(section.title());
        if (!shown.isEmpty()) {
            html.element("<h2>", section.title()).raw("<div class=\"plots\">\n");
            figures(shown);
            html.raw("</div>\n");
        }
    }

    /** The plots of a section by themselves. */
    public void figures(String section, Pictures pictures) {
        figures(pictures.of(section));
    }

    private void figures(List<Pictures.Picture> pictures) {
        for (Pictures.Picture picture : pictures) {
            html.raw("<figure><img width=\"" + Plot.WIDTH + "\" height=\"" + Plot.HEIGHT + "\" alt=\"")
                    .text(picture.plot().title())
                    .raw("\" src=\"data:image/png;base64," + Base64.getEncoder().encodeToString(picture.png())
                            + "\">\n")
                    .element("<figcaption>", picture.plot().caption())
                    .raw("</figure>\n");
        }
    }

    /** Entries of a list of definitions, their names with a prefix. */
    void entries(String prefix, Map<String, String> values) {
        values.forEach((name, value) -> html.element("<dt>", prefix + name).element("<dd>", value));
    }

    /** A table whose first column names its rows. */
    public void table(Table table) {
        html.raw("<div class=\"wide\"><table class=\"summary\">\n<thead><tr>");
        for (int column = 0; column < table.header().size(); column++) {
            html.element(
                    column == 0 ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"number\">",
                    table.header().get(column));
        }
        html.raw("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            html.raw("<tr>");
            for (int column = 0; column < row.size(); column++) {
                html.element(column == 0 ? "<th scope=\"row\">" : "<td class=\"number\">", row.get(column));
            }
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table></div>\n");
    }

    /** Text under a line to click on. */
    public void folded(String title, String text) {
        html.raw("<details>\n")
                .element("<summary>", title)
                .element("<pre>", text)
                .raw("</details>\n");
    }

    /** The whole page. */
    public String end() {
        return html.raw("</main>\n</body>\n</html>\n").toString();
    }

    private static String style() {
        try (InputStream resource = Page.class.getResourceAsStream(STYLE)) {
            if (resource == null) {
                throw SaveException.internal(STYLE + " is missing from the jar");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw SaveException.internal(STYLE + " cannot be read", failed);
        }
    }
}

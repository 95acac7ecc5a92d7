package dev.save4j.report;

import dev.save4j.run.Experiment;
import dev.save4j.run.RunMetrics;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The HTML of a report. Everything is inline: no script, nothing from outside, and a policy that forbids the browser to fetch anything. */
final class ReportPage {
    private final RunMetrics run;
    private final RunSummary summary;
    private final List<Picture> pictures;
    private final Optional<String> obstacle;
    private final String style;
    private final Html html = new Html();

    /** A plot and its PNG. */
    record Picture(Plot plot, byte[] png) {}

    /** @param obstacle why there are no pictures */
    ReportPage(RunMetrics run, RunSummary summary, List<Picture> pictures, Optional<String> obstacle, String style) {
        this.run = run;
        this.summary = summary;
        this.pictures = List.copyOf(pictures);
        this.obstacle = obstacle;
        this.style = style;
    }

    String html() {
        html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .raw("<meta http-equiv=\"Content-Security-Policy\""
                        + " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n")
                .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .element("<title>", run.name() + " - save4j")
                .raw("<style>\n" + style + "</style>\n</head>\n<body>\n<main>\n");
        head();
        verdict();
        table();
        for (Plot.Section section : Plot.Section.values()) {
            plots(section);
        }
        new ReportSamples(html).write(run.modes());
        made();
        again();
        return html.raw("</main>\n</body>\n</html>\n").toString();
    }

    private void head() {
        Experiment experiment = run.experiment();
        html.raw("<header>\n")
                .element("<h1>", run.name())
                .element(
                        run.complete() ? "<span class=\"badge\">" : "<span class=\"badge open\">",
                        run.complete() ? "complete" : "in progress");
        List<String> facts = new ArrayList<>(List.of(
                "seed " + experiment.seed(),
                experiment.steps() + " steps",
                experiment.algorithm().name(),
                experiment.rollout().prompts() + " prompts × "
                        + experiment.rollout().group() + " answers a step"));
        run.manifest().ifPresent(manifest -> {
            facts.add("started " + manifest.started());
            facts.add("save4j " + manifest.save4j());
        });
        html.element("<div class=\"facts\">", String.join(" · ", facts)).raw("</header>\n");
        run.notes().forEach(note -> html.element("<div class=\"note\">", "While reading: " + note + "."));
        obstacle.ifPresent(reason -> html.element("<div class=\"note\">", reason));
    }

    private void verdict() {
        Verdict verdict = summary.verdict();
        html.raw("<section class=\"card verdict\">\n").element("<p class=\"headline\">", verdict.headline());
        if (!verdict.findings().isEmpty()) {
            html.raw("<ul>\n");
            verdict.findings()
                    .forEach(finding -> html.raw("<li>")
                            .raw("<b>")
                            .text(finding.mode().label())
                            .raw("</b>")
                            .text(" " + finding.text().replace(" ± ", "\u00a0±\u00a0"))
                            .raw("</li>\n"));
            html.raw("</ul>\n");
        }
        if (!verdict.limits().isEmpty()) {
            html.element("<p class=\"limits\">", String.join(" ", verdict.limits()));
        }
        html.raw("</section>\n");
    }

    private void table() {
        if (summary.rows().isEmpty()) {
            return;
        }
        Table table = summary.table();
        html.element("<h2>", "The modes compared").raw("<div class=\"wide\"><table class=\"summary\">\n<thead><tr>");
        for (int column = 0; column < table.header().size(); column++) {
            html.element(
                    column == 0 ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"number\">",
                    table.header().get(column));
        }
        html.raw("</tr></thead>\n<tbody>\n");
        for (int row = 0; row < table.rows().size(); row++) {
            Experiment.Mode mode = summary.rows().get(row).mode();
            html.raw("<tr><th scope=\"row\"><span class=\"swatch\" style=\"background:%s\"></span>"
                            .formatted(hex(mode)))
                    .text(table.rows().get(row).get(0))
                    .raw("</th>");
            table.rows().get(row).stream().skip(1).forEach(cell -> html.element("<td class=\"number\">", cell));
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table></div>\n");
        html.raw("<details>\n").element("<summary>", "What the columns mean").raw("<dl>\n");
        RunSummary.meanings().forEach((title, meaning) -> {
            if (table.header().contains(title)) {
                html.element("<dt>", title).element("<dd>", meaning);
            }
        });
        html.raw("</dl>\n</details>\n");
    }

    private static String hex(Experiment.Mode mode) {
        return "#%06x".formatted(PlotStyle.color(mode).getRGB() & 0xffffff);
    }

    private void plots(Plot.Section section) {
        List<Picture> shown = pictures.stream()
                .filter(picture -> picture.plot().section() == section)
                .toList();
        if (shown.isEmpty()) {
            return;
        }
        html.element("<h2>", section.title()).raw("<div class=\"plots\">\n");
        for (Picture picture : shown) {
            html.raw("<figure><img width=\"" + Plot.WIDTH + "\" height=\"" + Plot.HEIGHT + "\" alt=\"")
                    .text(picture.plot().title())
                    .raw("\" src=\"data:image/png;base64," + Base64.getEncoder().encodeToString(picture.png())
                            + "\">\n")
                    .element("<figcaption>", picture.plot().caption())
                    .raw("</figure>\n");
        }
        html.raw("</div>\n");
    }

    /** With what the run was made. */
    private void made() {
        html.element("<h2>", "How it was made");
        run.manifest().ifPresent(manifest -> {
            html.raw("<section class=\"card\"><dl>\n");
            entries("engine for ", manifest.engines());
            entries("", manifest.machine());
            manifest.notes().forEach(note -> html.element("<dt>", "data").element("<dd>", note));
            html.element("<dt>", "data, SHA-256")
                    .raw("<dd>")
                    .element("<code>", manifest.dataHash())
                    .raw("</dd>\n");
            html.raw("</dl></section>\n");
            html.raw("<h3>Policy update</h3>\n")
                    .element(
                            "<pre>",
                            String.join(
                                    "\n",
                                    manifest.algorithm().stream()
                                            .filter(line -> !line.startsWith("setting "))
                                            .toList()));
            html.raw("<details>\n")
                    .element("<summary>", "Every constant of the policy update")
                    .element(
                            "<pre>",
                            String.join(
                                    "\n",
                                    manifest.algorithm().stream()
                                            .filter(line -> line.startsWith("setting "))
                                            .map(line -> line.substring("setting ".length())
                                                    .strip())
                                            .toList()))
                    .raw("</details>\n");
        });
        html.raw("<details>\n")
                .element("<summary>", "Every setting of the run: config.yaml")
                .element("<pre>", run.settings())
                .raw("</details>\n");
    }

    private void entries(String prefix, Map<String, String> values) {
        values.forEach(
                (name, value) -> html.element("<dt>", name.equals("threads") || prefix.isEmpty() ? name : prefix + name)
                        .element("<dd>", value));
    }

    private void again() {
        String folder = (run.experiment().output() + "/" + run.name()).replace('\\', '/');
        String config = folder + "/config.yaml";
        html.element("<h2>", "Once more");
        if (!run.complete()) {
            html.element(
                            "<p>",
                            "Continue this run from its last checkpoints; it gives the same as an uninterrupted one:")
                    .element("<pre>", "save4j run " + config + " --resume");
        }
        html.element(
                        "<p>",
                        "Make the same run in a new folder. The same settings, seed, engines and number of threads give the same"
                                + " numbers:")
                .element("<pre>", "save4j run " + config)
                .element("<p>", "See what another seed says:")
                .element(
                        "<pre>",
                        "save4j run " + config + " --set seed="
                                + (run.experiment().seed() + 1))
                .element("<p>", "Write this report again:")
                .element("<pre>", "save4j report " + folder);
    }
}

package dev.save4j.report;

import dev.save4j.run.Experiment;
import dev.save4j.run.RunMetrics;
import java.util.ArrayList;
import java.util.List;

/** The HTML of the report of a run. */
final class RunPage {
    private final RunMetrics run;
    private final RunSummary summary;
    private final Pictures pictures;
    private final Page page;
    private final Html html;

    RunPage(RunMetrics run, RunSummary summary, Pictures pictures) {
        this.run = run;
        this.summary = summary;
        this.pictures = pictures;
        page = new Page(run.name());
        html = page.html();
    }

    String html() {
        page.head(run.name(), run.complete(), facts(), run.notes(), pictures);
        verdict();
        table();
        for (Plot.Section section : Plot.Section.values()) {
            page.plots(section, pictures);
        }
        new ReportSamples(html).write(run.modes());
        html.element("<h2>", "How it was made");
        run.manifest().ifPresent(manifest -> new ManifestSection(page).write(manifest, "Policy update"));
        page.folded("Every setting of the run: config.yaml", run.settings());
        again();
        return page.end();
    }

    private List<String> facts() {
        Experiment experiment = run.experiment();
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
        return facts;
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

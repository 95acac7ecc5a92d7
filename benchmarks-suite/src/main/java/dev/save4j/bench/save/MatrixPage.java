package dev.save4j.bench.save;

import dev.save4j.bench.save.MatrixCell.Column;
import dev.save4j.report.Html;
import dev.save4j.report.Page;
import dev.save4j.report.Pictures;
import dev.save4j.report.Plot;
import dev.save4j.report.RunSummary;
import dev.save4j.run.RunMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The HTML of a matrix. */
final class MatrixPage {
    private final MatrixResults results;
    private final Map<Column, Map<Long, RunMetrics>> runs;
    private final Pictures pictures;

    MatrixPage(MatrixResults results, Map<Column, Map<Long, RunMetrics>> runs, Pictures pictures) {
        this.results = results;
        this.runs = runs;
        this.pictures = pictures;
    }

    String html() {
        MatrixSettings settings = results.matrix().settings();
        Page page = new Page(settings.name());
        Html html = page.html();
        page.head(settings.name(), results.isComplete(), facts(settings), List.of(), pictures);
        html.raw("<section class=\"card verdict\">\n").element("<p class=\"headline\">", results.headline());
        results.notes().forEach(note -> html.element("<p class=\"limits\">", note));
        html.raw("</section>\n").element("<h2>", "What is claimed, and what is seen here");
        page.table(results.claimTable());
        html.element("<h2>", "At the end");
        page.table(results.table());
        page.plots(Plot.Section.SEEDS, pictures);
        html.element("<h2>", "Every run by itself");
        runs.forEach((column, bySeed) -> bySeed.values()
                .forEach(run -> page.folded(
                        run.name(),
                        String.join("\n", RunSummary.of(run).verdict().headline(), run.name() + "/report.html"))));
        return page.end();
    }

    private List<String> facts(MatrixSettings settings) {
        List<String> facts = new ArrayList<>(List.of(
                results.matrix().cells().size() + " runs",
                "modes "
                        + String.join(
                                ", ",
                                settings.modes().stream()
                                        .map(mode -> mode.label())
                                        .toList()),
                "seeds "
                        + String.join(
                                ", ",
                                settings.seeds().stream().map(String::valueOf).toList())));
        facts.addAll(settings.set());
        return facts;
    }
}

package dev.save4j.report;

import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.ModeMetrics;
import dev.save4j.run.ModeMetrics.GradedAnswer;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** The part of a report that shows answers: of every mode those of its first and its last step. */
final class ReportSamples {
    private static final int MOST_ANSWERS = 8;

    private final Html html;

    ReportSamples(Html html) {
        this.html = html;
    }

    void write(List<ModeMetrics> modes) {
        if (modes.stream().allMatch(mode -> mode.samples().isEmpty())) {
            return;
        }
        html.element("<h2>", "Answers")
                .element(
                        "<p class=\"faint\">",
                        "The answers to the first prompt of the first and of the last step, as they were graded before the reward model's"
                                + " update of that step.");
        for (ModeMetrics mode : modes) {
            if (!mode.samples().isEmpty()) {
                write(mode, mode.mode() == Mode.SAVE || modes.size() == 1);
            }
        }
    }

    private void write(ModeMetrics mode, boolean open) {
        boolean labelled = mode.mode() == Mode.SAVE || mode.mode() == Mode.ORACLE;
        boolean judged = mode.samples().stream().anyMatch(answer -> !Double.isNaN(answer.gold()));
        html.raw(open ? "<details open>\n" : "<details>\n")
                .element("<summary>", mode.mode().label())
                .raw("<div class=\"wide\"><table class=\"samples\">\n<thead><tr><th scope=\"col\">answer</th>")
                .element("<th scope=\"col\" class=\"number\">", "reward");
        if (judged) {
            html.element("<th scope=\"col\" class=\"number\">", "gold");
        }
        if (labelled) {
            html.element("<th scope=\"col\" class=\"number\">", "advantage").element("<th scope=\"col\">", "label");
        }
        html.raw("</tr></thead>\n<tbody>\n");
        TreeSet<Integer> steps = new TreeSet<>();
        mode.samples().forEach(answer -> steps.add(answer.step()));
        for (int step : new TreeSet<>(List.of(steps.first(), steps.last()))) {
            List<GradedAnswer> answers = mode.samples().stream()
                    .filter(answer -> answer.step() == step)
                    .toList();
            int shown = Math.min(MOST_ANSWERS, answers.size());
            html.raw("<tr class=\"prompt\"><th colspan=\"5\" scope=\"rowgroup\">")
                    .text("Step " + step + ": " + answers.get(0).prompt()
                            + (shown < answers.size() ? " (" + shown + " of " + answers.size() + " answers)" : ""))
                    .raw("</th></tr>\n");
            answers.subList(0, shown).forEach(answer -> row(answer, judged, labelled));
        }
        html.raw("</tbody></table></div>\n</details>\n");
    }

    private void row(GradedAnswer answer, boolean judged, boolean labelled) {
        html.raw("<tr><td class=\"answer\">").text(answer.answer());
        if (answer.finish().equals("length")) {
            html.raw(" ").element("<span class=\"cut\">", "[cut off]");
        }
        html.raw("</td>").element("<td class=\"number\">", number("%.3f", answer.reward()));
        if (judged) {
            html.element("<td class=\"number\">", number("%.3f", answer.gold()));
        }
        if (labelled) {
            html.element("<td class=\"number\">", number("%+.3f", answer.advantage()));
            String label = answer.label() > 0 ? "raised" : answer.label() < 0 ? "lowered" : "dropped";
            html.element("<td class=\"" + label + "\">", label);
        }
        html.raw("</tr>\n");
    }

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }
}

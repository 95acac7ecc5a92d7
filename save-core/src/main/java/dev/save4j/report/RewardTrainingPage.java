package dev.save4j.report;

import dev.save4j.run.RewardTrainingMetrics;
import dev.save4j.run.RewardTrainingSettings;
import dev.save4j.run.Shell;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The HTML of the report of a reward model's training. */
final class RewardTrainingPage {
    private static final int LONGEST_TEXT = 360;

    private final RewardTrainingMetrics run;
    private final Optional<HeldOut> heldOut;
    private final Pictures pictures;
    private final Page page;
    private final Html html;

    RewardTrainingPage(RewardTrainingMetrics run, Optional<HeldOut> heldOut, Pictures pictures) {
        this.run = run;
        this.heldOut = heldOut;
        this.pictures = pictures;
        page = new Page(run.name());
        html = page.html();
    }

    String html() {
        page.head(run.name(), run.complete(), facts(), run.notes(), pictures);
        verdict();
        heldOut.ifPresent(this::table);
        page.plots(Plot.Section.HELD_OUT, pictures);
        page.plots(Plot.Section.TRAINING, pictures);
        mistakes();
        use();
        html.element("<h2>", "How it was made");
        run.manifest().ifPresent(manifest -> new ManifestSection(page).write(manifest, "Training"));
        page.folded("Every setting of the training: config.yaml", run.yaml());
        again();
        return page.end();
    }

    private List<String> facts() {
        RewardTrainingSettings settings = run.settings();
        List<String> facts = new ArrayList<>(List.of(
                "reward model from " + settings.model(),
                "seed " + settings.seed(),
                settings.training().epochs() + " epoch(s), "
                        + run.steps().steps().size() + " steps"));
        run.manifest().ifPresent(manifest -> facts.add("started " + manifest.started()));
        facts.add(String.format(Locale.ROOT, "%.0f s of training", run.seconds()));
        return facts;
    }

    private void verdict() {
        html.raw("<section class=\"card verdict\">\n");
        if (heldOut.isEmpty()) {
            html.element("<p class=\"headline\">", "The held-out pairs have not been scored yet.")
                    .raw("</section>\n");
            return;
        }
        Proportion model = heldOut.get().accuracy();
        Estimate gain = heldOut.get().gain();
        html.element(
                        "<p class=\"headline\">",
                        text(
                                "The reward model orders %.1f %% of the %d held-out pairs as labelled%s.",
                                100 * model.value(),
                                model.trials(),
                                model.low() > 0.5 ? "" : ", which is not told apart from chance"))
                .element(
                        "<p>",
                        text(
                                "Preferring the longer answer orders %.1f %% of them so. Difference: %s points, %s.",
                                100 * heldOut.get().lengthAccuracy().value(),
                                points(gain),
                                gain.error().isEmpty()
                                        ? "the same on every pair"
                                        : !gain.separable()
                                                ? "within the noise"
                                                : gain.value() > 0
                                                        ? "the reward model is better"
                                                        : "the reward model is worse"))
                .element(
                        "<p class=\"limits\">",
                        "Intervals are those of Wilson at 95 %. ± is one standard error over pairs, both scorers judging the same pairs; a"
                                + " difference counts when it exceeds 1.96 of them. The training has one seed: this is the noise of the evaluation"
                                + " alone."
                                + (run.settings().training().keepBest()
                                                && run.settings().training().epochs() > 1
                                        ? " The epoch that was kept is the best on these same pairs, so its accuracy is slightly optimistic."
                                        : ""))
                .raw("</section>\n");
    }

    private static String points(Estimate gain) {
        String value = text("%+.1f", 100 * gain.value());
        return gain.error().isPresent()
                ? value + text("\u00a0±\u00a0%.1f", 100 * gain.error().getAsDouble())
                : value;
    }

    private void table(HeldOut pairs) {
        html.element("<h2>", "Held-out evaluation")
                .raw("<div class=\"wide\"><table class=\"summary\">\n<thead><tr><th scope=\"col\">scorer</th>");
        for (String title : List.of("accuracy", "95 % interval", "correct", "ties", "pairs")) {
            html.element("<th scope=\"col\" class=\"number\">", title);
        }
        html.raw("</tr></thead>\n<tbody>\n");
        row("reward model", pairs.accuracy(), pairs.ties());
        row("longer answer", pairs.lengthAccuracy(), pairs.lengthTies());
        html.raw("</tbody></table></div>\n<section class=\"card\"><dl>\n");
        number("Bradley-Terry loss", text("%.4f (0.6931 for a model that knows nothing)", pairs.loss()));
        number("mean margin", text("%+.3f", pairs.margin()));
        number("calibration error", text("%.3f, mean distance of probability and accuracy", pairs.calibrationError()));
        html.raw("</dl></section>\n");
    }

    private void row(String scorer, Proportion share, int ties) {
        html.raw("<tr>").element("<th scope=\"row\">", scorer);
        for (String cell : List.of(
                text("%.3f", share.value()),
                text("%.3f to %.3f", share.low(), share.high()),
                String.valueOf(share.successes()),
                String.valueOf(ties),
                String.valueOf(share.trials()))) {
            html.element("<td class=\"number\">", cell);
        }
        html.raw("</tr>\n");
    }

    private void number(String name, String value) {
        html.element("<dt>", name).element("<dd>", value);
    }

    private void mistakes() {
        if (run.mistakes().isEmpty()) {
            return;
        }
        html.element("<h2>", "The most wrong held-out pairs")
                .element(
                        "<p class=\"faint\">",
                        "Where the model prefers the rejected answer most. Read them before trusting the model: they show what it rewards, and"
                                + " which labels are doubtful. Shortened; whole in mistakes.jsonl.")
                .raw("<div class=\"wide\"><table class=\"samples\">\n<thead><tr><th scope=\"col\">answer</th>")
                .element("<th scope=\"col\">", "label")
                .element("<th scope=\"col\" class=\"number\">", "score")
                .raw("</tr></thead>\n<tbody>\n");
        for (RewardTrainingMetrics.Mistake mistake : run.mistakes()) {
            html.raw("<tr class=\"prompt\"><th colspan=\"3\" scope=\"rowgroup\">")
                    .text(text(
                                    "Pair %d, margin %+.3f: ",
                                    mistake.pair(), mistake.chosenScore() - mistake.rejectedScore())
                            + shortened(mistake.prompt()))
                    .raw("</th></tr>\n");
            answer(mistake.chosen(), "raised", "chosen", mistake.chosenScore());
            answer(mistake.rejected(), "lowered", "rejected", mistake.rejectedScore());
        }
        html.raw("</tbody></table></div>\n");
    }

    private void answer(String answer, String style, String label, double score) {
        html.raw("<tr>")
                .element("<td class=\"answer\">", shortened(answer))
                .element("<td class=\"" + style + "\">", label)
                .element("<td class=\"number\">", text("%.3f", score))
                .raw("</tr>\n");
    }

    /** On one line, and cut between code points. */
    static String shortened(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.codePointCount(0, line.length()) <= LONGEST_TEXT
                ? line
                : line.substring(0, line.offsetByCodePoints(0, LONGEST_TEXT)).stripTrailing() + " …";
    }

    private void use() {
        if (!run.complete()) {
            return;
        }
        String model = run.folder() + "/model";
        html.element("<h2>", "Use the model")
                .element("<p>", "Score answers, JSON Lines with \"prompt\" and \"response\":")
                .element(
                        "<pre>",
                        "save4j reward score " + Shell.quoted(model)
                                + " --in answers.jsonl --out scored.jsonl --max-length "
                                + run.settings().maxLength())
                .element("<p>", "Start the SAVE loop from it, in an experiment:")
                .element(
                        "<pre>",
                        "reward:\n  model: " + model + "\n"
                                + run.manifest()
                                        .map(manifest -> manifest.model().get("backbone"))
                                        .map(backbone -> "  backbone: " + backbone + "\n")
                                        .orElse("")
                                + "  max_length: " + run.settings().maxLength());
    }

    private void again() {
        html.element("<h2>", "Once more")
                .element("<p>", "The same settings, seed, engines and number of threads give the same numbers:")
                .element("<pre>", run.settings().command(run.folder() + "-again"))
                .element("<p>", "Write this report again:")
                .element("<pre>", "save4j report " + Shell.quoted(run.folder()));
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

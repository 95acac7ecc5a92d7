package dev.save4j.loop;

import dev.save4j.algorithms.Anchor;
import dev.save4j.algorithms.AnswerFilter;
import dev.save4j.algorithms.Groups;
import dev.save4j.algorithms.Labels;
import dev.save4j.run.Experiment;
import dev.save4j.run.Experiment.Mode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Which answers are to be raised and which lowered: by the reward model's own advantage, or by gold in mode oracle. */
final class Labelling {
    private final Mode mode;
    private final Anchor anchor;
    private final AnswerFilter filter;
    private final Groups groups;
    private final Optional<Judge> judge;

    Labelling(Mode mode, Experiment.Save settings, Groups groups, Optional<Judge> judge) {
        this.mode = mode;
        anchor = settings.anchor();
        filter = settings.filter();
        this.groups = groups;
        this.judge = judge;
    }

    /** No answer is raised or lowered. */
    static Labels none(int answers) {
        return new Labels(new int[answers], new double[answers], OptionalDouble.empty());
    }

    /** The gold rewards of answers; NaN without a judge. */
    static double[] golds(Optional<Judge> judge, List<Answer> answers) {
        return answers.stream()
                .mapToDouble(answer -> judge.map(gold -> gold.score(answer.prompt(), answer.text()))
                        .orElse(Double.NaN))
                .toArray();
    }

    /**
     * Labels answers in the order of their groups.
     *
     * @param rewards of the answers by the reward model
     * @param values V(x), one per prompt
     */
    Labels of(List<Answer> answers, double[] rewards, double[] values, Metrics metrics) {
        Labels labels = mode == Mode.ORACLE ? byGold(answers, filter) : byAdvantage(rewards, values);
        metrics.put("save/kept_fraction", labels.keptFraction());
        metrics.put("save/positive_fraction", labels.positiveFraction());
        metrics.put("save/advantage_std", labels.advantageDeviation());
        logAccuracy(labels.label(), answers, metrics);
        return labels;
    }

    private Labels byAdvantage(double[] rewards, double[] values) {
        return filter.label(anchor.advantage(rewards, values, groups), groups)
                .only(anchor.trusted(rewards, values, groups), groups);
    }

    private Labels byGold(List<Answer> answers, AnswerFilter rule) {
        Anchor mean = new Anchor(Anchor.Kind.GROUP_MEAN, 0, Double.POSITIVE_INFINITY);
        return rule.label(mean.advantage(golds(judge, answers), new double[groups.prompts()], groups), groups);
    }

    /** The share of labels that agree with gold: raised above the mean gold reward of the prompt's answers, lowered below it. */
    private void logAccuracy(int[] labels, List<Answer> answers, Metrics metrics) {
        if (judge.isEmpty()) {
            return;
        }
        int[] gold =
                byGold(answers, new AnswerFilter(AnswerFilter.Rule.FIXED, 0)).label();
        int judged = 0;
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            judged += labels[i] != 0 && gold[i] != 0 ? 1 : 0;
            right += labels[i] != 0 && gold[i] == labels[i] ? 1 : 0;
        }
        if (judged > 0) {
            metrics.put("save/label_accuracy", right / (double) judged);
        }
    }
}

package dev.save4j.loop;

import dev.save4j.data.Preference;
import java.util.ArrayList;
import java.util.List;

/** A reward model as a judge of texts. Does not close the grader. */
final class Scoring {
    private final Grader grader;
    private final RewardFormat format;

    Scoring(Grader grader, RewardFormat format) {
        this.grader = grader;
        this.format = format;
    }

    RewardInput read(Answer answer) {
        return format.answer(answer.prompt(), answer.text(), answer.finished());
    }

    PairInput read(Preference pair, boolean useMargin) {
        return new PairInput(
                format.answer(pair.promptText(), pair.chosenText(), true),
                format.answer(pair.promptText(), pair.rejectedText(), true),
                useMargin ? pair.margin().orElse(0) : 0);
    }

    List<PairInput> readAll(List<Preference> pairs, boolean useMargin) {
        return pairs.stream().map(pair -> read(pair, useMargin)).toList();
    }

    /** Prompts without answers, one for each group. */
    List<int[]> prompts(List<List<Answer>> groups) {
        return groups.stream()
                .map(group -> format.prompt(group.get(0).prompt()))
                .toList();
    }

    Grader.Grades grade(List<List<Answer>> groups) {
        return grader.grade(
                groups.stream()
                        .map(group -> group.stream().map(this::read).toList())
                        .toList(),
                prompts(groups));
    }

    double[] values(List<List<Answer>> groups) {
        return grader.values(prompts(groups));
    }

    /** The rewards of answers, in order. */
    double[] rewards(List<Answer> answers) {
        return grader.rewards(answers.stream().map(this::read).toList());
    }

    /** Chosen before rejected, in order. */
    List<double[]> scores(List<PairInput> pairs) {
        List<RewardInput> rows = new ArrayList<>();
        pairs.forEach(pair -> {
            rows.add(pair.chosen());
            rows.add(pair.rejected());
        });
        double[] rewards = grader.rewards(rows);
        List<double[]> scores = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            scores.add(new double[] {rewards[2 * i], rewards[2 * i + 1]});
        }
        return scores;
    }

    /** The share of pairs whose chosen answer scores strictly higher. */
    double accuracy(List<PairInput> pairs) {
        return scores(pairs).stream().filter(score -> score[0] > score[1]).count() / (double) pairs.size();
    }
}

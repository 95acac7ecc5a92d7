package dev.save4j.objectives;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Log-probs of a policy on a batch of answers, and the data of its loss.
 *
 * @param logProb tokens of the answers alone
 */
record PolicyBatch(PolicyObjective objective, List<double[]> logProb, AnswerTokens answers) {
    /** Answers of 0 to 5 tokens at different places of rows of 8, far enough from the old policy to be clipped on either side. */
    static PolicyBatch random(PolicyObjective objective, long seed, double distance) {
        SplittableRandom random = new SplittableRandom(seed);
        List<double[]> logProb = new ArrayList<>();
        List<float[]> old = new ArrayList<>();
        List<float[]> reference = new ArrayList<>();
        List<double[]> advantage = new ArrayList<>();
        int[] start = new int[6];
        for (int i = 0; i < start.length; i++) {
            int length = i == 2 ? 0 : 1 + random.nextInt(5);
            start[i] = random.nextInt(8 - length);
            double[] now = new double[length];
            float[] before = new float[length];
            float[] frozen = new float[length];
            double[] perToken = new double[objective.tokenAdvantage() ? length : 1];
            for (int t = 0; t < length; t++) {
                before[t] = (float) random.nextDouble(-3, -0.1);
                now[t] = (float) (before[t] + random.nextDouble(-distance, distance));
                frozen[t] = (float) (before[t] + random.nextDouble(-1, 1));
            }
            for (int t = 0; t < perToken.length; t++) {
                perToken[t] = (float) random.nextDouble(-2, 2);
            }
            logProb.add(now);
            old.add(before);
            reference.add(frozen);
            advantage.add(perToken);
        }
        return new PolicyBatch(
                objective,
                logProb,
                new AnswerTokens(8, start, old, advantage, objective.kl().beta() > 0 ? reference : List.of()));
    }

    /** Rows of equal length that fill the width. */
    static PolicyBatch of(
            PolicyObjective objective, double[][] logProb, double[][] old, double[][] advantage, double[][] reference) {
        return new PolicyBatch(
                objective,
                List.of(logProb),
                new AnswerTokens(
                        java.util.Arrays.stream(logProb)
                                .mapToInt(row -> row.length)
                                .max()
                                .orElseThrow(),
                        new int[logProb.length],
                        floats(old),
                        List.of(advantage),
                        floats(reference)));
    }

    private static List<float[]> floats(double[][] rows) {
        return java.util.Arrays.stream(rows).map(Feeds::floats).toList();
    }

    Array logProbs(double filler) {
        return Feeds.logProbs(logProb, answers.tokens(), answers.start(), filler);
    }

    Map<String, Array> inputs() {
        return inputs(0);
    }

    /** @param filler stands where there is no answer */
    Map<String, Array> inputs(double filler) {
        return Feeds.with(objective.feed(answers).whole(), "log_prob", logProbs(filler));
    }

    double reference() {
        return Reference.policy(objective, logProb, answers);
    }
}

package dev.save4j.bench.reward;

/**
 * What a scorer answers.
 *
 * @param value NaN when there is no score
 * @param cut whether the text was too long for the scorer and lost a part
 * @param problem why there is no score; empty when there is one
 */
public record Score(double value, boolean cut, String problem) {
    public Score {
        if (!Double.isFinite(value) && problem.isEmpty()) {
            problem = Double.isNaN(value) ? "the score is not a number" : "the score is infinite";
            value = Double.NaN;
        }
    }

    public static Score of(double value) {
        return new Score(value, false, "");
    }

    public static Score missing(String problem) {
        return new Score(Double.NaN, false, problem);
    }
}

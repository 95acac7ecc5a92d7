package dev.save4j.algorithms;

/** What the value head is fitted to: an unbiased Monte-Carlo estimate of the reward that the policy earns on a prompt. */
public enum ValueTarget {
    /** The mean reward of all answers to the prompt. */
    MEAN,
    /** For each answer the mean reward of the others, so that the target does not depend on the answer it is compared with. */
    LEAVE_ONE_OUT;

    /** The target for every answer's row; NaN where no answer could be scored. */
    public double[] of(double[] reward, Groups groups) {
        groups.requireRows(reward.length, "rewards");
        double[] target = new double[reward.length];
        groups.forEach((prompt, from, to) -> {
            double mean = Statistics.mean(reward, from, to);
            for (int row = from; row < to; row++) {
                target[row] = this == MEAN ? mean : Statistics.meanOfOthers(reward, from, to, row);
            }
        });
        return target;
    }
}

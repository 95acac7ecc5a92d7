package dev.save4j.run;

import java.util.List;

/**
 * What a mode of a run has measured so far.
 *
 * @param complete whether the mode has made all its steps and written its models
 * @param metrics by step; step 0 is the evaluation before training
 * @param samples of every step the answers to its first prompt
 * @param seconds of all steps, evaluations included
 */
public record ModeMetrics(
        Experiment.Mode mode, boolean complete, MetricTable metrics, List<GradedAnswer> samples, double seconds) {
    public ModeMetrics {
        samples = List.copyOf(samples);
    }

    /**
     * An answer as it was graded before the reward model's update of its step.
     *
     * @param finish why it ended, {@code length} when it was cut off
     * @param value V(x) of the prompt
     * @param advantage against the anchor
     * @param label 1 raised, −1 lowered, 0 dropped
     * @param gold NaN without a judge
     */
    public record GradedAnswer(
            int step,
            String prompt,
            String answer,
            String finish,
            double reward,
            double value,
            double advantage,
            int label,
            double gold) {}

    public Series series(String name) {
        return metrics.series(name);
    }

    /** The last step that has a line. */
    public int lastStep() {
        List<Integer> steps = metrics.steps();
        return steps.isEmpty() ? 0 : steps.get(steps.size() - 1);
    }
}

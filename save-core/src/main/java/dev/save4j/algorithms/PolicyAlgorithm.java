package dev.save4j.algorithms;

import dev.save4j.objectives.AnswerTokens;
import dev.save4j.objectives.Feed;
import dev.save4j.objectives.PolicyObjective;
import java.util.List;

/** How rewards become an update of the policy: advantages in plain Java, and the loss they go into. Implementations are immutable. */
public interface PolicyAlgorithm {
    /** Every constant in force. */
    AlgorithmSettings settings();

    /** Advantages in double precision. */
    Advantages advantages(ScoredAnswers answers);

    /** The loss. */
    PolicyObjective objective();

    /** What is computed, with every constant in force, one statement per line. */
    List<String> explain();

    /** Whether log-probs of the reference model are needed. */
    default boolean needsReference() {
        return settings().beta() > 0;
    }

    /**
     * The data of the loss for the whole batch.
     *
     * @param tokens width of the model's {@code log_prob}
     * @param start column of each answer's first token
     */
    default Feed feed(ScoredAnswers answers, Advantages advantages, int tokens, int[] start) {
        boolean inLoss = settings().beta() > 0 && settings().klPlace() == AlgorithmSettings.KlPlace.LOSS;
        return objective()
                .feed(new AnswerTokens(
                        tokens,
                        start,
                        answers.oldLogProb(),
                        advantages.perAnswer(),
                        inLoss ? answers.referenceLogProb() : List.of()));
    }

    /** Makes one algorithm from settings. */
    interface Factory {
        /** Lower case with dashes, as written in a configuration. */
        String name();

        /** The settings of the algorithm's own paper. */
        AlgorithmSettings defaults();

        PolicyAlgorithm create(AlgorithmSettings settings);
    }
}

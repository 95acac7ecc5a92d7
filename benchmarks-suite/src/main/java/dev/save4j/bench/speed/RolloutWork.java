package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.Sampling;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is sampled: answers to prompts of 32 tokens in groups of eight. Written as a number of sequences, which are as many answers of 96 tokens, or
 * {@code mixed}: 96 answers, at most 32 at once, that end by themselves after 48 tokens on average unless they reach 96.
 *
 * @param rows sequences that are decoded at once
 * @param stops the share of the vocabulary that ends an answer
 */
record RolloutWork(int rows, int answers, double stops) {
    static final int PROMPT = 32;
    static final int NEW = 96;
    static final int GROUP = 8;
    static final String MIXED = "mixed";

    private static final int MEAN = 48;

    /** A USER error says what was expected. */
    static RolloutWork parse(String text) {
        if (text.equals(MIXED)) {
            return new RolloutWork(4 * GROUP, 12 * GROUP, 1.0 / MEAN);
        }
        if (!text.matches("[1-9]\\d{0,3}")) {
            throw SaveException.user("'" + text + "' is no batch; write a number of sequences, or " + MIXED);
        }
        int batch = Integer.parseInt(text);
        if (batch > GROUP && batch % GROUP != 0) {
            throw SaveException.user("a batch of " + batch + " sequences does not consist of groups of " + GROUP
                    + "; use 1 to 8 or a multiple of 8");
        }
        return new RolloutWork(batch, batch, 0);
    }

    /** Whether answers end by themselves. */
    boolean mixed() {
        return stops > 0;
    }

    /** How many of the first token ids end an answer. As the weights are small and random, all ids are about as likely. */
    int stopTokens(ModelSize size) {
        return (int) Math.round(stops * size.config().vocabularySize());
    }

    List<RolloutRequest> requests(ModelSize size) {
        SplittableRandom random = new SplittableRandom(3);
        int group = Math.min(GROUP, answers);
        return IntStream.range(0, answers / group)
                .mapToObj(request -> new RolloutRequest(
                        random.ints(PROMPT, 0, size.config().vocabularySize()).toArray(), group, request))
                .toList();
    }

    Sampling sampling(ModelSize size, int tokens) {
        Set<Integer> ids = IntStream.range(0, stopTokens(size)).boxed().collect(Collectors.toSet());
        return Sampling.unbiased(tokens, ids);
    }
}

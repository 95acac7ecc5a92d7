package dev.save4j.bench.speed;

import dev.save4j.loop.RewardInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What is scored: answers to prompts in groups, as token ids. Written as sequences x tokens, in which the prompt takes a quarter, or {@code mixed}: 128
 * sequences, 16 prompts of 32 tokens with eight answers each of 16 to 256 tokens.
 *
 * @param prompt tokens of every prompt
 * @param lengths tokens of every prompt and answer, by group
 */
record ScoringWork(int prompt, List<int[]> lengths) {
    static final String MIXED = "mixed";

    private static final int GROUP = 8;

    /** A USER error says what was expected. */
    static ScoringWork parse(String text) {
        List<int[]> groups = new ArrayList<>();
        if (text.equals(MIXED)) {
            SplittableRandom random = new SplittableRandom(6);
            for (int i = 0; i < 16; i++) {
                groups.add(random.ints(GROUP, 32 + 16, 32 + 256 + 1).toArray());
            }
            return new ScoringWork(32, groups);
        }
        BatchShape shape = BatchShape.parse(text);
        for (int left = shape.batch(); left > 0; left -= GROUP) {
            int[] group = new int[Math.min(GROUP, left)];
            Arrays.fill(group, shape.length());
            groups.add(group);
        }
        return new ScoringWork(Math.max(1, shape.length() / 4), groups);
    }

    int sequences() {
        return lengths.stream().mapToInt(group -> group.length).sum();
    }

    int tokens() {
        return lengths.stream().flatMapToInt(Arrays::stream).sum();
    }

    /** Floating-point operations without those of padding. */
    double flop(ModelSize size) {
        return lengths.stream()
                .flatMapToInt(Arrays::stream)
                .mapToDouble(length -> size.scoringFlop(new BatchShape(1, length)))
                .sum();
    }

    /** Random tokens; the answers of a group have one prompt. */
    List<List<RewardInput>> inputs(ModelSize size) {
        SplittableRandom random = new SplittableRandom(7);
        int vocabulary = size.config().vocabularySize();
        List<List<RewardInput>> groups = new ArrayList<>();
        for (int[] group : lengths) {
            int[] beginning = random.ints(prompt, 0, vocabulary).toArray();
            List<RewardInput> answers = new ArrayList<>();
            for (int length : group) {
                int[] ids = Arrays.copyOf(beginning, length);
                for (int i = prompt; i < length; i++) {
                    ids[i] = random.nextInt(vocabulary);
                }
                answers.add(new RewardInput(ids, prompt, false));
            }
            groups.add(answers);
        }
        return groups;
    }
}

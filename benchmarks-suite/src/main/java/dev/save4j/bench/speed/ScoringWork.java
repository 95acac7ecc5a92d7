package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.loop.RewardInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What is scored: answers to prompts in groups, as token ids. Written as sequences x tokens, in which the prompt takes a quarter and has eight answers; as
 * prompts x answers x tokens of the prompt + tokens of an answer, such as {@code 4x8x128+96}; or {@code mixed}: 128 sequences, 16 prompts of 32 tokens with
 * eight answers each of 16 to 256 tokens.
 *
 * @param prompt tokens of every prompt
 * @param lengths tokens of every prompt and answer, by group
 */
record ScoringWork(int prompt, List<int[]> lengths) {
    static final String MIXED = "mixed";

    private static final int GROUP = 8;
    private static final Pattern GROUPS = Pattern.compile("(\\d{1,5})x(\\d{1,5})x(\\d{1,4})\\+(\\d{1,4})");

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
        Matcher matcher = GROUPS.matcher(text);
        if (matcher.matches()) {
            int[] sizes = IntStream.rangeClosed(1, 4)
                    .map(i -> Integer.parseInt(matcher.group(i)))
                    .toArray();
            BatchShape rows = new BatchShape(sizes[0] * sizes[1], sizes[2] + sizes[3]);
            if (sizes[2] < 1 || sizes[3] < 1) {
                throw SaveException.user("'" + text + "' needs at least a token in prompts and in answers");
            }
            for (int i = 0; i < sizes[0]; i++) {
                groups.add(IntStream.generate(rows::length).limit(sizes[1]).toArray());
            }
            return new ScoringWork(sizes[2], groups);
        }
        BatchShape shape = BatchShape.parse(
                text,
                ", or prompts x answers x tokens of a prompt + tokens of an answer, such as 4x8x128+96, or " + MIXED);
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

    /** Tokens of the longest prompt with an answer. */
    int longest() {
        return lengths.stream().flatMapToInt(Arrays::stream).max().orElseThrow();
    }

    int tokens() {
        return lengths.stream().flatMapToInt(Arrays::stream).sum();
    }

    /** Floating-point operations of each sequence by itself, without those of padding. */
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

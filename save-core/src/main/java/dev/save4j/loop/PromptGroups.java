package dev.save4j.loop;

import dev.save4j.tensor.Tensor;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows that begin with the tokens of the same prompt, which is computed once for them. Prompts are compared as tokens, never as text: the words of a prompt
 * may become other tokens before another answer.
 */
final class PromptGroups {
    private final List<RewardInput> rows;
    private final List<List<Integer>> groups = new ArrayList<>();
    private final int most;
    private final long tokens;

    /** @param most rows of a batch; groups of more rows, or of more tokens than a batch may have, are divided */
    PromptGroups(List<RewardInput> rows, int most) {
        this.rows = rows;
        this.most = most;
        Map<IntBuffer, List<Integer>> open = new HashMap<>();
        for (int row = 0; row < rows.size(); row++) {
            RewardInput input = rows.get(row);
            List<Integer> group = open.get(prompt(input));
            if (group == null || !fits(group.size() + 1L, Math.max(longest(group), input.ids().length))) {
                group = new ArrayList<>();
                groups.add(group);
                open.put(prompt(input), group);
            }
            group.add(row);
        }
        tokens = groups.stream().mapToLong(this::tokens).sum();
    }

    private static IntBuffer prompt(RewardInput row) {
        return IntBuffer.wrap(row.ids(), 0, row.promptLength());
    }

    private boolean fits(long size, int longest) {
        return size <= most && size * longest <= (long) most * LengthBatches.FULL_TO;
    }

    private long tokens(List<Integer> group) {
        int prompt = rows.get(group.get(0)).promptLength();
        return prompt
                + group.stream()
                        .mapToLong(row -> rows.get(row).ids().length - prompt)
                        .sum();
    }

    private int longest(List<Integer> group) {
        return group.stream().mapToInt(row -> rows.get(row).ids().length).max().orElseThrow();
    }

    /** Tokens that are computed, each prompt's once. */
    long tokens() {
        return tokens;
    }

    /**
     * Whether at least a tenth more tokens, padding included, are computed row by row. Sharing costs a copy of keys and values for each row besides, so
     * that a few tokens more gain nothing; see docs/speed.md.
     */
    boolean pays() {
        LengthBatches alone = new LengthBatches(
                rows.stream().mapToInt(row -> row.ids().length).toArray(), most);
        return 10 * (alone.tokens() + alone.padding()) >= 11 * tokens && tokens > 0;
    }

    /** Groups of about the same length, which run together: no more rows and no more places of sequences than in {@link LengthBatches}. */
    List<List<List<Integer>>> batches() {
        List<List<List<Integer>>> batches = new ArrayList<>();
        List<List<Integer>> batch = List.of();
        int size = 0;
        for (List<Integer> group :
                groups.stream().sorted(Comparator.comparingInt(this::longest)).toList()) {
            long after = (long) size + group.size();
            if (batch.isEmpty() || !fits(after, longest(group))) {
                batch = new ArrayList<>();
                batches.add(batch);
                size = 0;
            }
            batch.add(group);
            size += group.size();
        }
        return batches;
    }

    /** The inputs of {@link dev.save4j.models.RewardModel#groupGraph}, rows in the order of the groups. */
    Map<String, Tensor> inputs(List<List<Integer>> batch, boolean values) {
        List<RewardInput> firsts =
                batch.stream().map(group -> rows.get(group.get(0))).toList();
        List<RewardInput> all =
                batch.stream().flatMap(List::stream).map(rows::get).toList();
        int count = (int) batch.stream().mapToLong(this::tokens).sum();
        int prompt = firsts.stream().mapToInt(RewardInput::promptLength).max().orElse(0);
        int answer = all.stream()
                .mapToInt(row -> row.ids().length - row.promptLength())
                .max()
                .orElse(0);
        int sequence = all.stream().mapToInt(row -> row.ids().length).max().orElse(0);
        long[] ids = new long[count];
        long[] positions = new long[count];
        long[] order = new long[count];
        long[] mask = new long[batch.size() * prompt];
        long[] prompts = new long[batch.size() * prompt];
        long[] answers = new long[all.size() * answer];
        long[] sequences = new long[all.size() * sequence];
        long[] last = new long[all.size()];
        long[] lastOfPrompt = new long[all.size()];
        int place = 0;
        int row = 0;
        for (int g = 0; g < batch.size(); g++) {
            int start = place;
            int length = firsts.get(g).promptLength();
            for (int i = 0; i < length; i++) {
                ids[place] = firsts.get(g).ids()[i];
                positions[place] = i;
                mask[g * prompt + i] = 1;
                prompts[g * prompt + i] = place;
                order[place] = (long) g * prompt + i;
                place++;
            }
            for (int member : batch.get(g)) {
                int[] tokens = rows.get(member).ids();
                for (int i = 0; i < length; i++) {
                    sequences[row * sequence + i] = start + i;
                }
                for (int i = length; i < tokens.length; i++) {
                    ids[place] = tokens[i];
                    positions[place] = i;
                    answers[row * answer + i - length] = place;
                    sequences[row * sequence + i] = place;
                    order[place] = prompts.length + (long) row * answer + i - length;
                    place++;
                }
                last[row] = sequences[row * sequence + tokens.length - 1];
                lastOfPrompt[row] = start + length - 1;
                row++;
            }
        }
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        inputs.put("input_ids", Tensor.of(ids, 1, count));
        inputs.put("position_ids", Tensor.of(positions, count));
        inputs.put("prompt_mask", Tensor.of(mask, batch.size(), prompt));
        inputs.put("prompts", Tensor.of(prompts, batch.size(), prompt));
        inputs.put("answers", Tensor.of(answers, all.size(), answer));
        inputs.put("sequences", Tensor.of(sequences, all.size(), sequence));
        inputs.put("order", Tensor.of(order, count));
        inputs.put("last_token", Tensor.of(last, all.size()));
        if (values) {
            inputs.put("last_of_prompt", Tensor.of(lastOfPrompt, all.size()));
        }
        return inputs;
    }
}

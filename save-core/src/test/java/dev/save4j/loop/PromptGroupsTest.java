package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptGroupsTest {
    private static RewardInput row(int promptLength, int... ids) {
        return new RewardInput(ids, promptLength, false);
    }

    @Test
    void aPromptIsSharedByTheRowsThatBeginWithItsTokens() {
        PromptGroups groups =
                new PromptGroups(List.of(row(2, 1, 2, 7), row(2, 1, 3, 7), row(2, 1, 2, 8, 9), row(3, 1, 2, 7, 7)), 8);
        assertThat(groups.batches()).containsExactly(List.of(List.of(1), List.of(0, 2), List.of(3)));
        assertThat(groups.tokens()).isEqualTo(3 + (2 + 1 + 2) + 4);
    }

    @Test
    void largeGroupsAreDividedAndBatchesAreNoLargerThanWithoutGroups() {
        RewardInput row = row(1, 5, 6);
        assertThat(new PromptGroups(List.of(row, row, row), 2).batches())
                .containsExactly(List.of(List.of(0, 1)), List.of(List.of(2)));
        RewardInput longer = row(1, new int[1000]);
        RewardInput other = row(1, new int[] {1, 2});
        assertThat(new PromptGroups(List.of(longer, longer, other, longer), 4).batches())
                .as("three of 1000 tokens have more than four of 512")
                .containsExactly(List.of(List.of(2)), List.of(List.of(0, 1)), List.of(List.of(3)));
    }

    @Test
    void itPaysFromATenthOfTheTokensOn() {
        assertThat(new PromptGroups(List.of(row(1, 5, 6), row(1, 5, 7)), 4).pays())
                .isTrue();
        assertThat(new PromptGroups(List.of(row(1, 5, 6), row(1, 6, 7)), 4).pays())
                .isFalse();
        int[] ids = new int[12];
        assertThat(new PromptGroups(List.of(row(1, ids), row(1, ids)), 4).pays())
                .isFalse();
        assertThat(new PromptGroups(List.of(row(3, ids), row(3, ids)), 4).pays())
                .isTrue();
        assertThat(new PromptGroups(List.of(row(1, 1, 2), row(1, new int[12])), 4).pays())
                .as("padding counts")
                .isTrue();
        assertThat(new PromptGroups(List.of(), 4).pays()).isFalse();
    }

    @Test
    void everyTokenIsThereOnceAndKnowsItsPlace() {
        PromptGroups groups = new PromptGroups(List.of(row(2, 1, 2, 7), row(1, 4, 8, 8), row(2, 1, 2, 5, 6)), 8);
        List<List<Integer>> batch = groups.batches().get(0);
        assertThat(batch).containsExactly(List.of(1), List.of(0, 2));
        Map<String, Tensor> inputs = groups.inputs(batch, true);
        assertThat(longs(inputs, "input_ids")).containsExactly(4, 8, 8, 1, 2, 7, 5, 6);
        assertThat(longs(inputs, "position_ids")).containsExactly(0, 1, 2, 0, 1, 2, 2, 3);
        assertThat(longs(inputs, "prompt_mask")).containsExactly(1, 0, 1, 1);
        assertThat(longs(inputs, "prompts")).containsExactly(0, 0, 3, 4);
        assertThat(longs(inputs, "answers")).containsExactly(1, 2, 5, 0, 6, 7);
        assertThat(longs(inputs, "sequences")).containsExactly(0, 1, 2, 0, 3, 4, 5, 0, 3, 4, 6, 7);
        assertThat(longs(inputs, "order")).containsExactly(0, 4, 5, 2, 3, 6, 8, 9);
        assertThat(longs(inputs, "last_token")).containsExactly(2, 5, 7);
        assertThat(longs(inputs, "last_of_prompt")).containsExactly(0, 4, 4);
    }

    private static long[] longs(Map<String, Tensor> inputs, String name) {
        return inputs.get(name).toLongs();
    }
}

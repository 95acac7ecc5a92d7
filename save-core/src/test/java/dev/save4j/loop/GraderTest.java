package dev.save4j.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.models.Backbone;
import dev.save4j.models.Backbones;
import dev.save4j.models.Gpt2;
import dev.save4j.models.Gpt2Config;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.models.ScoringModel;
import dev.save4j.tensor.WeightStore;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a grader gives, with each prompt computed once for its answers and row by row. */
class GraderTest {
    private static final int VOCABULARY = 61;
    private static final int LONGEST = 1200;

    static Stream<Backbone> backbones() {
        return Stream.of(
                new Llama(LlamaConfig.small(VOCABULARY, 16, 2, 4, 2, 24, LONGEST)),
                new Llama(LlamaConfig.small(VOCABULARY, 16, 2, 2, 2, 24, LONGEST)),
                new Gpt2(Gpt2Config.small(VOCABULARY, 16, 2, 2, LONGEST)));
    }

    private static RewardModel model(Backbone backbone) {
        WeightStore weights = Head.create(
                EnumSet.allOf(Head.class), Backbones.initialize(backbone, 1), backbone.hiddenSize(), 2, 0.1);
        SplittableRandom random = new SplittableRandom(4);
        for (String name : weights.names()) {
            FloatBuffer values = weights.get(name).floats();
            double centre = name.contains("norm") || name.contains(".ln_") ? 1 : 0;
            while (values.hasRemaining()) {
                values.put((float) (centre + random.nextDouble(-0.4, 0.4)));
            }
        }
        return new RewardModel(backbone, Pooling.LAST_TOKEN, weights);
    }

    private static Grader grader(RewardModel model, int batch) {
        return new Grader(model, Engines.inference().named("onnxruntime"), EngineSettings.singleThreaded(), batch);
    }

    /** A prompt with answers of these lengths. */
    private static List<RewardInput> group(int seed, int prompt, int... answers) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] start = random.ints(prompt, 0, VOCABULARY).toArray();
        return Arrays.stream(answers)
                .mapToObj(answer -> {
                    int[] ids = Arrays.copyOf(start, prompt + answer);
                    for (int i = prompt; i < ids.length; i++) {
                        ids[i] = random.nextInt(VOCABULARY);
                    }
                    return new RewardInput(ids, prompt, false);
                })
                .toList();
    }

    private static void assertSameAsRowByRow(RewardModel model, List<List<RewardInput>> groups) {
        List<int[]> prompts = groups.stream()
                .map(group -> Arrays.copyOf(group.get(0).ids(), group.get(0).promptLength()))
                .toList();
        long given = groups.stream()
                .flatMap(List::stream)
                .mapToLong(row -> row.ids().length)
                .sum();
        Grader.Grades expected;
        try (Grader alone = grader(model, 1)) {
            expected = alone.grade(groups, prompts);
            assertThat(alone.tokens()).isEqualTo(given);
        }
        try (Grader grader = grader(model, 8)) {
            Grader.Grades grades = grader.grade(groups, prompts);
            assertThat(grader.tokens()).as("tokens that are computed").isLessThan(given);
            assertThat(grades.values()).containsExactly(expected.values(), within(1e-5));
            for (int i = 0; i < groups.size(); i++) {
                assertThat(grades.rewards()[i])
                        .as("rewards of prompt %d", i)
                        .containsExactly(expected.rewards()[i], within(1e-5));
            }
            List<RewardInput> rows = groups.stream().flatMap(List::stream).toList();
            assertThat(grader.rewards(rows))
                    .containsExactly(
                            Arrays.stream(expected.rewards())
                                    .flatMapToDouble(Arrays::stream)
                                    .toArray(),
                            within(1e-5));
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void sharedPromptsGiveTheScoresOfRowsAlone(Backbone backbone) {
        assertSameAsRowByRow(
                model(backbone),
                List.of(
                        group(1, 20, 5, 9, 1, 30),
                        group(2, 1, 3, 3, 8),
                        group(3, 33, 4),
                        group(4, 12, 0, 6, 0),
                        group(5, 7, IntStream.rangeClosed(1, 19).toArray())));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void alsoWhereAllAnswersAreEmpty(Backbone backbone) {
        assertSameAsRowByRow(model(backbone), List.of(group(1, 9, 0, 0), group(2, 4, 0, 0, 0)));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void longPromptsAndAnswersUpToTheLongestSequence(Backbone backbone) {
        RewardModel model = model(backbone).forSequences(LONGEST);
        assertSameAsRowByRow(
                model,
                List.of(
                        group(1, 600, LONGEST - 600, 20, 515),
                        group(2, 30, 513, LONGEST - 30),
                        group(3, LONGEST - 1, 1, 1),
                        group(4, 3, 2, 2)));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void answersLongerThanTheSequencesThatTheGraphIsMadeFor(Backbone backbone) {
        assertSameAsRowByRow(
                model(backbone).forSequences(600), List.of(group(1, 20, LONGEST - 20, 5), group(2, 40, 1100, 1100)));
    }

    @Test
    void changedWeightsAreSeen() {
        RewardModel model = model(backbones().findFirst().orElseThrow());
        List<RewardInput> rows = group(1, 20, 5, 9);
        try (Grader grader = grader(model, 8);
                Grader alone = grader(model, 1)) {
            double[] before = grader.rewards(rows);
            try (WeightStore.Lease lease = model.weights().writing()) {
                FloatBuffer values = model.weights()
                        .get("model.layers.0.self_attn.v_proj.weight")
                        .floats();
                for (int i = 0; i < values.limit(); i++) {
                    values.put(i, values.get(i) * 2);
                }
            }
            assertThat(grader.rewards(rows))
                    .containsExactly(alone.rewards(rows), within(1e-5))
                    .isNotEqualTo(before);
        }
    }

    @Test
    void aClosedGraderOpensNothing() {
        Grader grader = grader(model(backbones().findFirst().orElseThrow()), 8);
        List<RewardInput> rows = group(1, 20, 5, 9);
        grader.close();
        grader.close();
        List<int[]> prompts = List.of(new int[] {1});
        for (ThrowingCallable use : List.<ThrowingCallable>of(
                () -> grader.rewards(rows), () -> grader.values(prompts), () -> grader.grade(List.of(rows), prompts))) {
            assertThatThrownBy(use)
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.INTERNAL))
                    .hasMessage("the grader is asked for scores after it was closed");
        }
    }

    @Test
    void aModelForScoresAloneSharesPromptsAsWell() {
        RewardModel model = model(backbones().findFirst().orElseThrow());
        List<RewardInput> rows = new ArrayList<>(group(1, 20, 5, 9));
        rows.addAll(group(2, 16, 8, 8, 1));
        try (Grader grader = new Grader(
                        ScoringModel.of(model),
                        Engines.inference().named("onnxruntime"),
                        EngineSettings.singleThreaded(),
                        8);
                Grader alone = grader(model, 1)) {
            assertThat(grader.rewards(rows)).containsExactly(alone.rewards(rows), within(1e-5));
            assertThat(grader.tokens()).isEqualTo(20 + 5 + 9 + 16 + 8 + 8 + 1);
        }
    }
}

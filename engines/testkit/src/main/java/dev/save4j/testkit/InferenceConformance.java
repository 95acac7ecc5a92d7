package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An inference engine computes the same however its weights are bound, sees their changes when it must, and refuses what does not fit. */
public abstract class InferenceConformance {
    private final InferenceEngine engine;

    protected InferenceConformance(InferenceEngine engine) {
        this.engine = engine;
    }

    private static Tensor numbers(RandomGenerator random, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) random.nextGaussian());
        }
        return tensor;
    }

    private static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /** Among them what optimizers of graphs like to fold away: a bias of zeros, a scale of ones, transposed and sliced weights. */
    private static WeightStore weights() {
        RandomGenerator random = random(1);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("embedding", numbers(random, 11, 6));
        weights.put("hidden.weight", numbers(random, 6, 6));
        weights.put("hidden.bias", Tensor.allocate(ElementType.FLOAT, 6));
        weights.put("norm", Tensor.of(new float[] {1, 1, 1, 1, 1, 1}, 6));
        weights.put("positions", numbers(random, 8, 6));
        weights.put("projection", numbers(random, 6, 4));
        return new WeightStore(weights);
    }

    private static Graph graph() {
        GraphBuilder g = new GraphBuilder("inference");
        Value ids = g.input("ids", ElementType.INT64, 2, "sequence");
        Value bonus = g.input("bonus", ElementType.FLOAT, 2, 1);
        Value table = g.parameter("embedding", 11, 6);
        Value x = table.gather(ids, 0).add(g.parameter("positions", 8, 6).slice(0, g.vector(0), ids.size(1)));
        Value hidden = x.linear(g.parameter("hidden.weight", 6, 6))
                .add(g.parameter("hidden.bias", 6))
                .mul(g.parameter("norm", 6))
                .tanh();
        Value logits = hidden.matmul(table.transpose(1, 0));
        Value reward =
                hidden.matmul(g.parameter("projection", 6, 4)).mean(-1, false).add(bonus);
        g.output("logits", logits);
        g.output("reward", reward);
        g.output("ids_again", ids);
        return g.build();
    }

    private static Map<String, Tensor> inputs() {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        inputs.put("ids", Tensor.of(new long[] {1, 2, 3, 10, 0, 5}, 2, 3));
        inputs.put("bonus", Tensor.of(new float[] {0.5f, -1}, 2, 1));
        return inputs;
    }

    private InferenceSession open(WeightStore weights, WeightBinding binding) {
        return engine.open(graph(), weights, binding, EngineSettings.singleThreaded());
    }

    private static Map<String, Tensor> expected(WeightStore weights) {
        Map<String, Numbers> given = new LinkedHashMap<>();
        weights.names().forEach(name -> given.put(name, Numbers.of(weights.get(name))));
        inputs().forEach((name, tensor) -> given.put(name, Numbers.of(tensor)));
        Map<String, Tensor> expected = new LinkedHashMap<>();
        dev.save4j.testkit.reference.ReferenceInterpreter.outputs(graph(), given)
                .forEach((name, value) -> expected.put(name, value.toTensor()));
        return expected;
    }

    private static void requireRight(Map<String, Tensor> outputs, WeightStore weights) {
        requireEqual(outputs, expected(weights));
    }

    private static void requireEqual(Map<String, Tensor> outputs, Map<String, Tensor> expected) {
        assertThat(outputs.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, tensor) -> assertThat(
                        Tolerance.GENERATED.difference(tensor, Objects.requireNonNull(outputs.get(name))))
                .as(name)
                .isEmpty());
    }

    /** Moves every element of a weight by its own amount. */
    private static void change(WeightStore weights, String name) {
        try (WeightStore.Lease lease = weights.writing()) {
            FloatBuffer values = weights.get(name).floats();
            for (int i = 0; i < values.limit(); i++) {
                values.put(i, values.get(i) * 0.5f + 0.1f + 0.01f * i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void computesTheSameWithEveryBinding(WeightBinding binding) {
        WeightStore weights = weights();
        try (InferenceSession session = open(weights, binding)) {
            requireRight(session.run(inputs()), weights);
            requireRight(session.run(inputs()), weights);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LIVE", "INPUT"})
    void seesTheChangeOfEachWeightInTheNextRun(WeightBinding binding) {
        WeightStore weights = weights();
        try (InferenceSession session = open(weights, binding)) {
            for (String name : weights.names()) {
                change(weights, name);
                requireRight(session.run(inputs()), weights);
            }
        }
    }

    @Test
    void packedWeightsStayAsTheyWereUntilARefresh() {
        WeightStore weights = weights();
        Map<String, Tensor> before = expected(weights);
        try (InferenceSession session = open(weights, WeightBinding.PREPACKED)) {
            weights.names().forEach(name -> change(weights, name));
            requireEqual(session.run(inputs()), before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void seesTheChangeOfEachWeightAfterARefresh(WeightBinding binding) {
        WeightStore weights = weights();
        try (InferenceSession session = open(weights, binding)) {
            for (String name : weights.names()) {
                change(weights, name);
                session.refresh();
                requireRight(session.run(inputs()), weights);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothLengthsOfAFreeDimensionAreAccepted(WeightBinding binding) {
        WeightStore weights = weights();
        try (InferenceSession session = open(weights, binding)) {
            Map<String, Tensor> shorter = inputs();
            shorter.put("ids", Tensor.of(new long[] {1, 2, 3, 4}, 2, 2));
            session.run(inputs());
            Tensor logits = Objects.requireNonNull(session.run(shorter).get("logits"));
            assertThat(logits.shape()).containsExactly(2, 2, 11);
            requireRight(session.run(inputs()), weights);
        }
    }

    @Test
    void outputsBelongToTheCaller() {
        WeightStore weights = weights();
        try (InferenceSession session = open(weights, WeightBinding.LIVE)) {
            Map<String, Tensor> inputs = inputs();
            Map<String, Tensor> outputs = session.run(inputs);
            Map<String, Tensor> copies = new LinkedHashMap<>();
            outputs.forEach((name, tensor) -> copies.put(name, tensor.copy()));
            inputs.values()
                    .forEach(
                            tensor -> tensor.bytes().put(new byte[tensor.bytes().capacity()]));
            session.run(inputs());
            session.run(inputs);
            outputs.forEach((name, tensor) -> assertThat(tensor.contentEquals(Objects.requireNonNull(copies.get(name))))
                    .as("output '%s' is as it was after other runs", name)
                    .isTrue());
        }
    }

    @Test
    void twoSessionsOverOneStoreAgree() {
        WeightStore weights = weights();
        try (InferenceSession live = open(weights, WeightBinding.LIVE);
                InferenceSession packed = open(weights, WeightBinding.PREPACKED)) {
            float[] first =
                    Objects.requireNonNull(live.run(inputs()).get("reward")).toFloats();
            float[] second =
                    Objects.requireNonNull(packed.run(inputs()).get("reward")).toFloats();
            for (int i = 0; i < first.length; i++) {
                assertThat(second[i]).isCloseTo(first[i], within(1e-5f));
            }
        }
    }

    private void requireRefusal(String input, Tensor instead, String... words) {
        try (InferenceSession session = open(weights(), WeightBinding.INPUT)) {
            Map<String, Tensor> inputs = inputs();
            inputs.put(input, instead);
            assertThatThrownBy(() -> session.run(inputs))
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                    .hasMessageContaining("'" + input + "'")
                    .hasMessageContaining("'inference'")
                    .message()
                    .contains(words);
            requireRight(session.run(inputs()), weights());
        }
    }

    @Test
    void refusesAMissingInput() {
        try (InferenceSession session = open(weights(), WeightBinding.INPUT)) {
            Map<String, Tensor> inputs = inputs();
            inputs.remove("bonus");
            assertThatThrownBy(() -> session.run(inputs))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining("'bonus'")
                    .hasMessageContaining("'inference'");
        }
    }

    @Test
    void refusesAnInputThatTheGraphDoesNotHave() {
        requireRefusal("bonos", Tensor.scalar(1f), "bonus");
    }

    @Test
    void refusesAnInputOfAnotherElementType() {
        requireRefusal("ids", Tensor.of(new int[] {1, 2}, 2, 1), "INT64", "INT32");
    }

    @Test
    void refusesAnInputOfAnotherRank() {
        requireRefusal("bonus", Tensor.of(new float[] {1, 2}, 2), "FLOAT[2, 1]", "FLOAT[2]");
    }

    @Test
    void refusesAnInputOfAnotherFixedSize() {
        requireRefusal("bonus", Tensor.of(new float[] {1, 2, 3}, 3, 1), "FLOAT[2, 1]", "FLOAT[3, 1]");
    }

    @ParameterizedTest
    @EnumSource
    void refusesAStoreThatLacksAWeight(WeightBinding binding) {
        WeightStore all = weights();
        Map<String, Tensor> some = new LinkedHashMap<>();
        all.names().stream().filter(name -> !name.equals("hidden.bias")).forEach(name -> some.put(name, all.get(name)));
        assertThatThrownBy(() -> open(new WeightStore(some), binding))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("'hidden.bias'");
    }

    @ParameterizedTest
    @EnumSource
    void refusesAWeightOfAnotherShape(WeightBinding binding) {
        WeightStore all = weights();
        Map<String, Tensor> other = new LinkedHashMap<>();
        all.names().forEach(name -> other.put(name, all.get(name)));
        other.put("hidden.bias", Tensor.allocate(ElementType.FLOAT, 7));
        assertThatThrownBy(() -> open(new WeightStore(other), binding))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("'hidden.bias'")
                .hasMessageContaining("[6]")
                .hasMessageContaining("[7]");
    }

    @ParameterizedTest
    @EnumSource
    void closesTwice(WeightBinding binding) {
        InferenceSession session = open(weights(), binding);
        session.close();
        session.close();
        assertThatThrownBy(() -> session.run(inputs())).isInstanceOf(SaveException.class);
    }

    @ParameterizedTest
    @EnumSource
    void runsAGraphWithoutWeights(WeightBinding binding) {
        GraphBuilder g = new GraphBuilder("plain");
        g.output("y", g.input("x", ElementType.FLOAT, "n").mul(2));
        try (InferenceSession session =
                engine.open(g.build(), new WeightStore(Map.of()), binding, EngineSettings.singleThreaded())) {
            Map<String, Tensor> outputs = session.run(Map.of("x", Tensor.of(new float[] {1, 2}, 2)));
            assertThat(Objects.requireNonNull(outputs.get("y")).toFloats()).containsExactly(2, 4);
        }
    }
}

package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs for sequences of more than 512 tokens take them in parts. */
class LongSequencesTest {
    private static final int VOCABULARY = 97;
    private static final int LONGEST = 1300;

    static Stream<CausalBackbone> backbones() {
        return Stream.of(
                new Llama(LlamaConfig.small(VOCABULARY, 16, 2, 4, 2, 24, LONGEST)),
                new Llama(LlamaConfig.small(VOCABULARY, 16, 1, 2, 2, 24, LONGEST)),
                new Gpt2(Gpt2Config.small(VOCABULARY, 16, 1, 2, LONGEST)));
    }

    private static Map<String, Tensor> batch(int... lengths) {
        SplittableRandom random = new SplittableRandom(5);
        long[][] rows = Arrays.stream(lengths)
                .mapToObj(length -> random.longs(length, 0, VOCABULARY).toArray())
                .toArray(long[][]::new);
        return Numbers.batch(Arrays.stream(lengths).max().orElseThrow(), rows);
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void theyGiveWhatGraphsOfTheWholeGive(CausalBackbone backbone) {
        WeightStore weights = Numbers.noisy(backbone.parameters(), 0.2);
        PolicyModel policy = new PolicyModel(backbone, weights);
        Graph whole = policy.logProbGraph(0.7, true);
        Graph inParts = policy.forSequences(LONGEST).logProbGraph(0.7, true);
        assertThat(inParts.nodes()).hasSizeGreaterThan(whole.nodes().size());
        for (int[] lengths : new int[][] {{2}, {512, 40}, {513}, {700, 30, 600}, {LONGEST}}) {
            Map<String, Tensor> batch = batch(lengths);
            Map<String, Tensor> expected = OnnxRuntime.run(whole, weights, batch);
            OnnxRuntime.run(inParts, weights, batch).forEach((name, actual) -> {
                Tensor reference = expected.get(name);
                assertThat(actual.shape()).isEqualTo(reference.shape());
                int width = (int) actual.dimension(1);
                for (int row = 0; row < lengths.length; row++) {
                    int from = row * width;
                    assertThat(Arrays.copyOfRange(actual.toFloats(), from, from + lengths[row] - 1))
                            .as("%s of row %d among %s", name, row, Arrays.toString(lengths))
                            .containsExactly(
                                    Arrays.copyOfRange(reference.toFloats(), from, from + lengths[row] - 1),
                                    within(2e-5f));
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void rewardsAreTheSame(CausalBackbone backbone) {
        WeightStore weights = Head.create(
                EnumSet.allOf(Head.class), Numbers.noisy(backbone.trunkParameters(), 0.2), backbone.hiddenSize(), 3, 0);
        RewardModel model = new RewardModel(backbone, Pooling.LAST_TOKEN, weights);
        Map<String, Tensor> batch = batch(600, 20, 700);
        float[] expected = OnnxRuntime.run(model.rewardGraph(), weights, batch)
                .get("reward")
                .toFloats();
        assertThat(OnnxRuntime.run(model.forSequences(LONGEST).rewardGraph(), weights, batch)
                        .get("reward")
                        .toFloats())
                .containsExactly(expected, within(2e-5f));
    }

    @ParameterizedTest
    @MethodSource("backbones")
    void nothingIsAsLargeAsAllScoresOrAllLogits(CausalBackbone backbone) {
        WeightStore weights = Numbers.noisy(backbone.parameters(), 0.2);
        PolicyModel policy = new PolicyModel(backbone, weights);
        Map<String, Tensor> batch = batch(LONGEST);
        assertThat(shapes(policy.logProbGraph(1, true), weights, batch).values())
                .anySatisfy(shape -> assertThat(shape).contains(LONGEST - 1, VOCABULARY))
                .anySatisfy(shape -> assertThat(longAxes(shape)).isEqualTo(2));
        shapes(policy.forSequences(LONGEST).logProbGraph(1, true), weights, batch)
                .forEach((value, shape) -> {
                    assertThat(longAxes(shape)).as(value).isLessThanOrEqualTo(1);
                    if (longAxes(shape) == 1) {
                        assertThat(shape).as(value).doesNotContain(VOCABULARY);
                    }
                });
    }

    /** Axes as long as the sequence, also where the queries of heads that share keys are in one. */
    private static long longAxes(long[] shape) {
        return Arrays.stream(shape).filter(size -> size >= LONGEST - 1).count();
    }

    /** The shape of every value of a graph when it runs. */
    private static Map<String, long[]> shapes(Graph graph, WeightStore weights, Map<String, Tensor> inputs) {
        List<Node> nodes = new ArrayList<>(graph.nodes());
        List<ValueInfo> outputs = new ArrayList<>();
        graph.nodes()
                .forEach(node -> node.outputs().forEach(value -> {
                    String name = value + "/its shape";
                    nodes.add(new Node(name, "", "Shape", List.of(value), List.of(name), Map.of()));
                    outputs.add(new ValueInfo(name, TensorType.of(ElementType.INT64, name + "/rank")));
                }));
        Graph watched = new Graph(
                graph.name(), graph.opsets(), graph.inputs(), outputs, nodes, graph.constants(), graph.parameters());
        Map<String, long[]> shapes = new LinkedHashMap<>();
        try (InferenceSession session = OnnxRuntime.open(watched, weights, WeightBinding.INPUT)) {
            session.run(inputs).forEach((name, shape) -> shapes.put(name, shape.toLongs()));
        }
        return shapes;
    }
}

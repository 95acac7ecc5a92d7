package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One test per message that a user can see. */
class EngineErrorsTest {
    private static final EngineSettings SETTINGS = EngineSettings.singleThreaded();

    private InferenceSession session;

    @BeforeEach
    void openAGraph() {
        GraphBuilder g = new GraphBuilder("reward");
        Value ids = g.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = g.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value scale = g.input("scale", ElementType.FLOAT, 3);
        Value rows = g.scoped("embedding", () -> g.parameter("embed", 5, 3).gather(ids, 0));
        g.output("y", rows.mul(scale).mul(mask.cast(ElementType.FLOAT).unsqueeze(2)));
        session = new OnnxRuntimeEngine()
                .open(
                        g.build(),
                        new WeightStore(Map.of("embed", Tensor.of(new float[15], 5, 3))),
                        WeightBinding.INPUT,
                        SETTINGS);
    }

    @AfterEach
    void close() {
        session.close();
    }

    private static Map<String, Tensor> inputs() {
        Map<String, Tensor> inputs = new HashMap<>();
        inputs.put("input_ids", Tensor.of(new long[] {1, 2}, 1, 2));
        inputs.put("attention_mask", Tensor.of(new long[] {1, 1}, 1, 2));
        inputs.put("scale", Tensor.of(new float[] {1, 1, 1}, 3));
        return inputs;
    }

    private void refused(Map<String, Tensor> inputs, SaveException.Kind kind, String... parts) {
        assertThatThrownBy(() -> session.run(inputs))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(kind))
                .hasMessageContainingAll(parts);
    }

    @Test
    void aMissingInput() {
        Map<String, Tensor> inputs = inputs();
        inputs.remove("attention_mask");
        refused(
                inputs,
                SaveException.Kind.USER,
                "graph 'reward': input 'attention_mask' INT64[batch, sequence] is missing; given were [input_ids, scale]");
    }

    @Test
    void anInputTheGraphDoesNotHave() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("atention_mask", Tensor.scalar(1f));
        refused(
                inputs,
                SaveException.Kind.USER,
                "graph 'reward' has no input 'atention_mask'",
                "[input_ids, attention_mask, scale]",
                "Did you mean 'attention_mask'?");
    }

    @Test
    void anInputOfAnotherElementType() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("input_ids", Tensor.of(new int[] {1, 2}, 1, 2));
        refused(
                inputs,
                SaveException.Kind.USER,
                "input 'input_ids' is declared as INT64[batch, sequence] but is given INT32[1, 2]");
    }

    @Test
    void anInputOfAnotherRank() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("input_ids", Tensor.vector(1, 2));
        refused(
                inputs,
                SaveException.Kind.USER,
                "input 'input_ids' is declared as INT64[batch, sequence] but is given INT64[2]");
    }

    @Test
    void anInputOfAnotherFixedSize() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("scale", Tensor.of(new float[4], 4));
        refused(inputs, SaveException.Kind.USER, "input 'scale' is declared as FLOAT[3] but is given FLOAT[4]");
    }

    @Test
    void aTokenOutsideTheVocabularyNamesTheNode() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("input_ids", Tensor.of(new long[] {1, 77}, 1, 2));
        refused(
                inputs,
                SaveException.Kind.ENGINE,
                "graph 'reward' failed at node 'embedding/Gather' (Gather)",
                "idx=77",
                "It was fed attention_mask INT64[1, 2], input_ids INT64[1, 2], scale FLOAT[3].",
                "does the tokenizer belong to this model");
    }

    @Test
    void sizesThatDoNotFitTellWhatWasFed() {
        Map<String, Tensor> inputs = inputs();
        inputs.put("attention_mask", Tensor.of(new long[] {1, 1, 1}, 1, 3));
        refused(
                inputs,
                SaveException.Kind.ENGINE,
                "graph 'reward' failed at node",
                "attention_mask INT64[1, 3], input_ids INT64[1, 2]",
                "Check the values and shapes of the inputs.");
    }

    @Test
    void whatTheLibrarySaysOfItselfIsLeftOut() {
        GraphBuilder g = new GraphBuilder("short-mask");
        Value heads = g.input("heads", ElementType.FLOAT, 1, 1, "keys", 8);
        Value mask = g.input("mask", ElementType.FLOAT, "queries", "masked");
        g.output(
                "y",
                g.node("", "Attention", List.of(heads, heads, heads, mask), Map.of(), List.of(heads.type()))
                        .get(0));
        Map<String, Tensor> inputs = Map.of(
                "heads", Tensor.of(new float[48], 1, 1, 6, 8),
                "mask", Tensor.of(new float[24], 6, 4));
        try (InferenceSession attention =
                new OnnxRuntimeEngine().open(g.build(), new WeightStore(Map.of()), WeightBinding.INPUT, SETTINGS)) {
            assertThatThrownBy(() -> attention.run(inputs))
                    .hasMessageContaining("graph 'short-mask' failed at node 'Attention' (Attention)")
                    .hasMessageContaining("inconsistent total_sequence_length")
                    .hasMessageContaining("It was fed heads FLOAT[1, 1, 6, 8], mask FLOAT[6, 4].")
                    .message()
                    .doesNotContain("onnxruntime_src", "Error code", "was false");
        }
    }

    @Test
    void anOperatorOutsideTheTable() {
        GraphBuilder g = new GraphBuilder("noisy");
        Value x = g.input("x", ElementType.FLOAT, 2);
        g.output(
                "y",
                g.node("", "RandomNormalLike", List.of(x), Map.of(), List.of(x.type()))
                        .get(0));
        notOpened(g.build(), Map.of(), "engine 'onnxruntime' cannot open graph 'noisy'", "(RandomNormalLike)");
    }

    @Test
    void anAttributeOutsideTheTable() {
        GraphBuilder g = new GraphBuilder("odd");
        Value x = g.input("x", ElementType.FLOAT, 2);
        g.output("y", g.op("Softmax", List.of(x), Map.of("axes", Attribute.of(0))));
        notOpened(g.build(), Map.of(), "node 'Softmax' (Softmax): the attributes [axes] are not supported");
    }

    @Test
    void aWeightThatTheStoreDoesNotHave() {
        notOpened(scaled(), Map.of(), "there is no weight 'w'");
    }

    @Test
    void aWeightOfAnotherShape() {
        notOpened(
                scaled(),
                Map.of("w", Tensor.of(new float[3], 3)),
                "graph 'scaled' declares its weight 'w' as FLOAT[2] but the model has FLOAT[3]");
    }

    @Test
    void anElementTypeOutsideTheTable() {
        GraphBuilder g = new GraphBuilder("half");
        Value x = g.input("x", ElementType.BFLOAT16, 2, 2);
        g.output("y", x.matmul(x));
        notOpened(
                g.build(),
                Map.of(),
                "engine 'onnxruntime' cannot open graph 'half'",
                "node 'MatMul' (MatMul): operand 0 is BFLOAT16, but the operator is supported for [FLOAT, ");
    }

    /** The table knows types, the library has code for some of their combinations. */
    @Test
    void aKernelThatDoesNotExist() {
        GraphBuilder g = new GraphBuilder("rare");
        Value indices = g.input("indices", ElementType.INT32, 2);
        Value depth = g.input("depth", ElementType.INT32);
        Value values = g.input("values", ElementType.INT64, 2);
        g.output(
                "y",
                g.node(
                                "",
                                "OneHot",
                                List.of(indices, depth, values),
                                Map.of(),
                                List.of(TensorType.of(ElementType.INT64, 2, "depth")))
                        .get(0));
        notOpened(
                g.build(),
                Map.of(),
                "ONNX Runtime: graph 'rare' could not be opened at node 'OneHot' (OneHot)",
                "export the model in float32");
    }

    @Test
    void aGraphThatIsNotValid() {
        GraphBuilder g = new GraphBuilder("crooked");
        Value x = g.input("x", ElementType.FLOAT, 2);
        g.output(
                "y",
                g.node("", "Concat", List.of(x, x), Map.of(), List.of(TensorType.of(ElementType.FLOAT, 4)))
                        .get(0));
        notOpened(g.build(), Map.of(), "graph 'crooked' could not be opened", "not valid ONNX");
    }

    private static Graph scaled() {
        GraphBuilder g = new GraphBuilder("scaled");
        g.output("y", g.input("x", ElementType.FLOAT, 2).mul(g.parameter("w", 2)));
        return g.build();
    }

    private static void notOpened(Graph graph, Map<String, Tensor> weights, String... parts) {
        assertThatThrownBy(() -> new OnnxRuntimeEngine()
                        .open(graph, new WeightStore(weights), WeightBinding.INPUT, SETTINGS)
                        .close())
                .isInstanceOf(SaveException.class)
                .hasMessageContainingAll(parts);
    }
}

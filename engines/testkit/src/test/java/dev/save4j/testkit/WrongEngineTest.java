package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kit notices what engines can get wrong. */
class WrongEngineTest {
    /** The reference with a table of its own and graphs changed before they run. */
    private record WrongEngine(OperatorTable operators, UnaryOperator<Node> mistake) implements ForwardEngine {
        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public Session open(Graph graph, WeightStore weights) {
            operators.check(name(), graph);
            return new ReferenceEngine()
                    .open(graph.withNodes(graph.nodes().stream().map(mistake).toList()), weights);
        }
    }

    private static WrongEngine wrong(UnaryOperator<Node> mistake) {
        return new WrongEngine(ReferenceInterpreter.TABLE, mistake);
    }

    private static Node without(Node node, String attribute) {
        Map<String, Attribute> attributes = new HashMap<>(node.attributes());
        attributes.remove(attribute);
        return new Node(node.name(), node.domain(), node.operator(), node.inputs(), node.outputs(), attributes);
    }

    private static long failures(ForwardEngine engine, String operator) {
        return SampleList.all().stream()
                .filter(sample -> sample.operator().equals(operator))
                .filter(sample -> fails(sample.forward(), engine))
                .count();
    }

    private static boolean fails(OperatorCase operatorCase, ForwardEngine engine) {
        try {
            operatorCase.tryOn(engine);
            return false;
        } catch (AssertionError failed) {
            return true;
        }
    }

    @Test
    void everyAttributeOfEverySampleMatters() {
        Set<String> idle = SampleList.all().stream()
                .flatMap(sample -> sample.attributes().keySet().stream()
                        .map(attribute -> sample.qualifiedOperator() + "." + attribute))
                .collect(Collectors.toSet());
        for (Sample sample : SampleList.all()) {
            for (String attribute : sample.attributes().keySet()) {
                try {
                    if (fails(sample.forward(), wrong(node -> without(node, attribute)))) {
                        idle.remove(sample.qualifiedOperator() + "." + attribute);
                    }
                } catch (RuntimeException noLongerValid) {
                    idle.remove(sample.qualifiedOperator() + "." + attribute);
                }
            }
        }
        // These say how something is computed, or say it once more, and do not change what is computed here.
        assertThat(idle)
                .containsExactlyInAnyOrder(
                        "Attention.softmax_precision",
                        "Cast.saturate",
                        "CastLike.saturate",
                        "Conv.kernel_shape",
                        "ConvInteger.kernel_shape",
                        "ConvTranspose.kernel_shape",
                        "DequantizeLinear.output_dtype",
                        "GRU.hidden_size",
                        "GroupNormalization.stash_type",
                        "LSTM.hidden_size",
                        "QLinearConv.kernel_shape",
                        "QuantizeLinear.precision",
                        "QuantizeLinear.saturate",
                        "RNN.hidden_size",
                        "Scan.num_scan_inputs",
                        "TopK.sorted",
                        "com.microsoft::MatMulNBits.accuracy_level",
                        "com.microsoft::MatMulNBits.bits",
                        "Dropout.seed",
                        "LayerNormalization.stash_type",
                        "RMSNormalization.stash_type",
                        "SimplifiedLayerNormalization.stash_type",
                        "Split.num_outputs",
                        "com.microsoft::BiasSoftmax.is_inner_broadcast");
    }

    @ParameterizedTest
    @CsvSource({
        "Sub, Add",
        "Sigmoid, Tanh",
        "LessOrEqual, Less",
        "ReduceMax, ReduceMin",
        "Floor, Round",
        "ArgMin, ArgMax"
    })
    void oneOperatorIsNotAnother(String operator, String instead) {
        WrongEngine engine = wrong(node ->
                new Node(node.name(), node.domain(), instead, node.inputs(), node.outputs(), node.attributes()));
        assertThat(failures(engine, operator)).isPositive();
    }

    @Test
    void anEngineMustRefuseAnAttributeThatItsTableLacks() {
        OperatorTable narrow =
                new OperatorTable(List.of(new OperatorRule("", "Softmax", Set.of(), ElementTypes.ALL, true)));
        OperatorCase softmax = sample("Softmax", "axis 1 of three").forward();
        assertThat(softmax.tryOn(new WrongEngine(narrow, node -> node))).isEqualTo(OperatorCase.Outcome.REFUSED);
        ForwardEngine careless = new ForwardEngine() {
            @Override
            public String name() {
                return "careless";
            }

            @Override
            public OperatorTable operators() {
                return narrow;
            }

            @Override
            public Session open(Graph graph, WeightStore weights) {
                return new ReferenceEngine().open(graph, weights);
            }
        };
        assertThatThrownBy(() -> softmax.tryOn(careless))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("engine 'careless' does not list node 'sample' (Softmax)")
                .hasMessageContaining("[axis]");
    }

    @Test
    void aRefusalMustNameEngineAndNode() {
        ForwardEngine terse = failing(SaveException.user("no"));
        OperatorCase relu = sample("Relu", "rank 2").forward();
        assertThatThrownBy(() -> relu.tryOn(terse))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("it failed (USER): no");
        ForwardEngine clear = failing(SaveException.user("engine 'failing' cannot run node 'sample' (Relu)"));
        assertThat(relu.tryOn(clear)).isEqualTo(OperatorCase.Outcome.REFUSED);
        ForwardEngine broken = failing(SaveException.engine("engine 'failing' cannot run node 'sample' (Relu)"));
        assertThatThrownBy(() -> relu.tryOn(broken)).isInstanceOf(AssertionError.class);
    }

    private static ForwardEngine failing(SaveException failure) {
        return new ForwardEngine() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public OperatorTable operators() {
                return ReferenceInterpreter.TABLE;
            }

            @Override
            public Session open(Graph graph, WeightStore weights) {
                throw failure;
            }
        };
    }

    private static Sample sample(String operator, String label) {
        return SampleList.all().stream()
                .filter(sample ->
                        sample.operator().equals(operator) && sample.label().equals(label))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void gradientsThatAreSlightlyOffAreNoticed() {
        GradientCase softmax = GradientCase.of(sample("Softmax", "axis 1 of three"));
        ReferenceGradientEngine engine = new ReferenceGradientEngine();
        softmax.check(engine);
        assertThatThrownBy(() -> softmax.check(new ScaledGradients(engine, 1.001)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the derivative");
    }

    @Test
    void aMissingGradientIsNoticed() {
        GradientCase product = GradientCase.of(sample("MatMul", "matrices"));
        assertThatThrownBy(() -> product.check(new ScaledGradients(new ReferenceGradientEngine(), 0)))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void toleranceTellsShapesTypesAndSpecialNumbersApart() {
        Tensor expected = Tensor.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY}, 3);
        assertThat(Tolerance.ONNX.difference(expected, expected.copy())).isEmpty();
        Map<String, Tensor> wrong = new LinkedHashMap<>();
        wrong.put("shape", expected.reshaped(3, 1));
        wrong.put("type", Tensor.of(new int[] {1, 2, 3}, 3));
        wrong.put("number", Tensor.of(new float[] {1.002f, Float.NaN, Float.POSITIVE_INFINITY}, 3));
        wrong.put("not a number", Tensor.of(new float[] {Float.NaN, Float.NaN, Float.POSITIVE_INFINITY}, 3));
        wrong.put("a number", Tensor.of(new float[] {1, 1, Float.POSITIVE_INFINITY}, 3));
        wrong.put("finite", Tensor.of(new float[] {1, Float.NaN, Float.MAX_VALUE}, 3));
        wrong.put("sign", Tensor.of(new float[] {1, Float.NaN, Float.NEGATIVE_INFINITY}, 3));
        wrong.forEach((what, tensor) ->
                assertThat(Tolerance.ONNX.difference(expected, tensor)).as(what).isPresent());
        assertThat(Tolerance.ONNX.difference(Tensor.scalar(5L), Tensor.scalar(6L)))
                .isEqualTo(Optional.of("element 0 of INT64[] is 6.0 but 5.0 was expected"));
    }
}

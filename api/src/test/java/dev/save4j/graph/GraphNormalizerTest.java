package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphNormalizerTest {
    private static Node node(String operator, List<String> inputs, List<String> outputs, Object... attributes) {
        Map<String, Attribute> map = new LinkedHashMap<>();
        for (int i = 0; i < attributes.length; i += 2) {
            map.put((String) attributes[i], (Attribute) attributes[i + 1]);
        }
        return new Node("n", "", operator, inputs, outputs, map);
    }

    private static Node node(String operator, Object... attributes) {
        return node(operator, List.of("x"), List.of("y"), attributes);
    }

    /** A graph of x FLOAT[2, 3, 4] whose output is the first of the last node. */
    private static Graph graph(int opset, Node... nodes) {
        return graph(Map.of("", opset), TensorType.of(ElementType.FLOAT, 2, 3, 4), nodes);
    }

    private static Graph graph(Map<String, Integer> opsets, TensorType x, Node... nodes) {
        return new Graph(
                "g",
                opsets,
                List.of(new ValueInfo("x", x)),
                nodes[nodes.length - 1].outputs().stream()
                        .filter(output -> !output.isEmpty())
                        .map(output -> new ValueInfo(output, TensorType.UNKNOWN))
                        .toList(),
                Arrays.asList(nodes),
                Map.of(),
                Map.of());
    }

    private static Graph normal(int opset, Node... nodes) {
        return GraphNormalizer.normalize(graph(opset, nodes));
    }

    private static Node only(Graph graph) {
        assertThat(graph.nodes()).hasSize(1);
        return graph.nodes().get(0);
    }

    private static Tensor operand(Graph graph, Node node, int index) {
        return graph.constants().get(node.inputs().get(index));
    }

    private static void refused(int opset, Node node, String why) {
        assertThatThrownBy(() -> normal(opset, node))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("graph 'g': " + node.describe() + " of operator set " + opset + " cannot be normalised: "
                        + why);
    }

    @Test
    void constantNodesOfEveryKindBecomeConstants() {
        assertConstant("value", Attribute.of(Tensor.vector(5, 6)), Tensor.vector(5, 6));
        assertConstant("value_int", Attribute.of(3), Tensor.scalar(3));
        assertConstant("value_float", Attribute.of(2.5f), Tensor.scalar(2.5f));
        assertConstant("value_ints", Attribute.ofInts(1, 2), Tensor.vector(1, 2));
        assertConstant("value_floats", new Attribute.Reals(List.of(1f, 2f)), Tensor.of(new float[] {1, 2}, 2));
        refused(
                13,
                node("Constant", List.of(), List.of("y"), "value_string", Attribute.of("a")),
                "its attribute 'value_string' holds strings, which save4j does not");
        refused(13, node("Constant", List.of(), List.of("y")), "a constant has exactly one attribute, this one has []");
    }

    private static void assertConstant(String attribute, Attribute value, Tensor expected) {
        Graph graph = normal(
                12,
                node("Constant", List.of(), List.of("c"), attribute, value),
                node("Add", List.of("x", "c"), List.of("y")));
        assertThat(only(graph).inputs()).containsExactly("x", "c");
        assertThat(graph.constants()).containsOnlyKeys("c");
        assertThat(graph.constants().get("c").contentEquals(expected)).isTrue();
    }

    @Test
    void axesBecomeAnOperand() {
        for (String operator : new String[] {"Squeeze", "Unsqueeze", "ReduceSum", "ReduceMean", "ReduceL2"}) {
            Graph graph = normal(11, node(operator, "axes", Attribute.ofInts(0, 2)));
            assertThat(only(graph).attributes()).isEmpty();
            assertThat(operand(graph, only(graph), 1).toLongs()).containsExactly(0, 2);
        }
        // Of the reductions only ReduceSum had the operand before set 18.
        assertThat(only(normal(17, node("ReduceMean", "axes", Attribute.ofInts(1))))
                        .inputs())
                .hasSize(2);
        assertThat(only(normal(11, node("ReduceSum", "keepdims", Attribute.of(0))))
                        .attributes())
                .isEqualTo(Map.of("keepdims", Attribute.of(0)));
    }

    @Test
    void boundsSizesAndPadsBecomeOperands() {
        Graph slice = normal(
                9,
                node("Slice", "starts", Attribute.ofInts(1), "ends", Attribute.ofInts(3), "axes", Attribute.ofInts(2)));
        assertThat(only(slice).attributes()).isEmpty();
        assertThat(operand(slice, only(slice), 1).toLongs()).containsExactly(1);
        assertThat(operand(slice, only(slice), 2).toLongs()).containsExactly(3);
        assertThat(operand(slice, only(slice), 3).toLongs()).containsExactly(2);
        assertThat(only(normal(9, node("Slice", "starts", Attribute.ofInts(1), "ends", Attribute.ofInts(3))))
                        .inputs())
                .hasSize(3);

        Graph topK =
                normal(9, node("TopK", List.of("x"), List.of("y", "i"), "k", Attribute.of(2), "axis", Attribute.of(0)));
        assertThat(operand(topK, only(topK), 1).toLongs()).containsExactly(2);
        assertThat(only(topK).attributes()).isEqualTo(Map.of("axis", Attribute.of(0)));
        refused(9, node("TopK"), "it lacks its attribute 'k'");

        Graph pad = normal(10, node("Pad", "pads", Attribute.ofInts(0, 0, 1, 0, 0, 1), "value", Attribute.of(0f)));
        assertThat(only(pad).inputs()).hasSize(2);
        assertThat(operand(pad, only(pad), 1).toLongs()).containsExactly(0, 0, 1, 0, 0, 1);
        Graph filled = normal(
                10,
                node(
                        "Pad",
                        "mode",
                        Attribute.of("constant"),
                        "pads",
                        Attribute.ofInts(0, 0, 0, 0, 0, 1),
                        "value",
                        Attribute.of(7f)));
        assertThat(operand(filled, only(filled), 2).item()).isEqualTo(7);
        assertThat(only(filled).attributes()).isEmpty();

        Graph dft = normal(17, node("DFT", "axis", Attribute.of(2)));
        assertThat(only(dft).inputs()).hasSize(3).element(1).isEqualTo("");
        assertThat(operand(dft, only(dft), 2).toLongs()).containsExactly(2);
    }

    @Test
    void clipTakesItsBoundsAsOperands() {
        Graph both = normal(6 + 1, node("Clip", "min", Attribute.of(-1f), "max", Attribute.of(2f)));
        assertThat(operand(both, only(both), 1).item()).isEqualTo(-1);
        assertThat(operand(both, only(both), 2).item()).isEqualTo(2);
        Graph upper = normal(10, node("Clip", "max", Attribute.of(2f)));
        assertThat(only(upper).inputs()).hasSize(3).element(1).isEqualTo("");
        assertThat(only(normal(10, node("Clip", "max", Attribute.of(Float.MAX_VALUE))))
                        .inputs())
                .containsExactly("x");
    }

    @Test
    void scalarsGetTheTypeOfTheirOperandWhereItIsNotCertain() {
        Graph graph = GraphNormalizer.normalize(
                graph(Map.of("", 10), TensorType.of(ElementType.DOUBLE, 2), node("Clip", "min", Attribute.of(0.5f))));
        assertThat(graph.nodes()).extracting(Node::operator).containsExactly("CastLike", "Clip");
        assertThat(graph.nodes().get(0).inputs()).element(1).isEqualTo("x");
        assertThat(graph.nodes().get(1).inputs().get(1))
                .isEqualTo(graph.nodes().get(0).outputs().get(0));
        assertThat(normal(
                                10,
                                node("Cast", List.of("x"), List.of("d"), "to", Attribute.of(11)),
                                node("Clip", List.of("d"), List.of("y"), "min", Attribute.of(0f)))
                        .nodes())
                .extracting(Node::operator)
                .containsExactly("Cast", "CastLike", "Clip");
    }

    @Test
    void splitSaysItsSizesOrHowManyPartsItHas() {
        List<String> parts = List.of("y", "z");
        Graph sizes = normal(
                11, node("Split", List.of("x"), parts, "split", Attribute.ofInts(1, 2), "axis", Attribute.of(1)));
        assertThat(operand(sizes, only(sizes), 1).toLongs()).containsExactly(1, 2);
        assertThat(only(sizes).attributes()).isEqualTo(Map.of("axis", Attribute.of(1)));
        for (int opset : new int[] {11, 13}) {
            assertThat(only(normal(opset, node("Split", List.of("x"), parts))).attributes())
                    .isEqualTo(Map.of("num_outputs", Attribute.of(2)));
        }
    }

    @Test
    void softmaxBeforeSet13FlattensUnlessItsAxisIsTheLast() {
        for (String operator : new String[] {"Softmax", "LogSoftmax", "Hardmax"}) {
            Graph graph = normal(12, node(operator));
            assertThat(graph.nodes())
                    .extracting(Node::operator)
                    .containsExactly("Shape", "Flatten", operator, "Reshape");
            assertThat(graph.nodes().get(1).attributes())
                    .as("axis 1 is the default")
                    .isEmpty();
            assertThat(graph.nodes().get(2).attributes()).isEmpty();
            assertThat(graph.nodes().get(3).outputs()).containsExactly("y");
            assertThat(graph.nodes().get(3).inputs())
                    .containsExactly(
                            graph.nodes().get(2).outputs().get(0),
                            graph.nodes().get(0).outputs().get(0));
        }
        assertThat(only(normal(12, node("Softmax", "axis", Attribute.of(2)))).attributes())
                .isEmpty();
        assertThat(only(normal(12, node("Softmax", "axis", Attribute.of(-1)))).attributes())
                .isEmpty();
        assertThat(only(normal(13, node("Softmax", "axis", Attribute.of(1)))).attributes())
                .isEqualTo(Map.of("axis", Attribute.of(1)));
    }

    @Test
    void theRankIsFollowedToTheSoftmax() {
        Node[] last = {
            node("Shape", List.of("x"), List.of("shape")),
            node("Constant", List.of(), List.of("zero"), "value_int", Attribute.of(0)),
            node("Gather", List.of("shape", "zero"), List.of("batch")),
            node("Unsqueeze", List.of("batch"), List.of("first"), "axes", Attribute.ofInts(0)),
            node("Constant", List.of(), List.of("rest"), "value_ints", Attribute.ofInts(3, 2, 2)),
            node("Concat", List.of("first", "rest"), List.of("target"), "axis", Attribute.of(0)),
            node("Reshape", List.of("x", "target"), List.of("heads")),
            node("Transpose", List.of("heads"), List.of("turned"), "perm", Attribute.ofInts(0, 2, 1, 3)),
            node("MatMul", List.of("turned", "turned"), List.of("scores")),
            node("Softmax", List.of("scores"), List.of("y"), "axis", Attribute.of(3)),
        };
        assertThat(normal(12, last).nodes())
                .filteredOn(node -> node.operator().equals("Softmax"))
                .singleElement()
                .satisfies(node -> assertThat(node.outputs()).containsExactly("y"));
        Graph unknown = GraphNormalizer.normalize(graph(
                Map.of("", 12), TensorType.unranked(ElementType.FLOAT), node("Softmax", "axis", Attribute.of(2))));
        assertThat(unknown.nodes()).hasSize(4);
    }

    @Test
    void dropoutOutsideTrainingIsTheIdentity() {
        assertThat(only(normal(11, node("Dropout", "ratio", Attribute.of(0.3f))))
                        .qualifiedOperator())
                .isEqualTo("Identity");
        Graph masked = normal(13, node("Dropout", List.of("x"), List.of("y", "mask")));
        assertThat(masked.nodes()).extracting(Node::operator).containsExactly("Identity", "Shape", "ConstantOfShape");
        assertThat(((Attribute.Constant) masked.nodes().get(2).attributes().get("value"))
                        .value()
                        .toLongs())
                .containsExactly(1);
        Node off = node("Constant", List.of(), List.of("t"), "value", Attribute.of(Tensor.of(new boolean[] {false})));
        Node on = node("Constant", List.of(), List.of("t"), "value", Attribute.of(Tensor.of(new boolean[] {true})));
        Node dropout = node("Dropout", List.of("x", "", "t"), List.of("y"));
        assertThat(only(normal(13, off, dropout)).operator()).isEqualTo("Identity");
        assertThat(only(normal(13, on, dropout)).operator()).isEqualTo("Dropout");
        refused(
                7,
                node("Dropout", List.of("x"), List.of("y", "mask")),
                "its mask is used, whose type changed in set 10; export with set 10 or later");
    }

    @Test
    void batchNormalizationOutsideTrainingHasOneOutput() {
        List<String> inputs = List.of("x", "x", "x", "x", "x");
        Node old = node(
                "BatchNormalization",
                inputs,
                List.of("y", "", ""),
                "epsilon",
                Attribute.of(1e-5f),
                "momentum",
                Attribute.of(0.8f),
                "spatial",
                Attribute.of(1));
        assertThat(only(normal(7, old)).attributes()).isEmpty();
        assertThat(only(normal(7, old)).outputs()).containsExactly("y");
        assertThat(only(normal(15, node("BatchNormalization", inputs, List.of("y"), "momentum", Attribute.of(0.8f))))
                        .attributes())
                .isEmpty();
        refused(
                9,
                node("BatchNormalization", inputs, List.of("y", "mean")),
                "it has the outputs of training; export the model in evaluation mode");
        refused(
                7,
                node("BatchNormalization", inputs, List.of("y"), "spatial", Attribute.of(0)),
                "it normalises without 'spatial', which was withdrawn in set 9");
    }

    @Test
    void operatorsThatWereRenamedOrCameLaterAreWrittenAnew() {
        assertThat(only(normal(9, node("Scatter", List.of("x", "x", "x"), List.of("y"))))
                        .operator())
                .isEqualTo("ScatterElements");
        assertThat(only(normal(10, node("RoiAlign", List.of("x", "x", "x"), List.of("y"))))
                        .attributes())
                .isEqualTo(Map.of("coordinate_transformation_mode", Attribute.of("output_half_pixel")));
        assertThat(only(normal(
                                16,
                                node("GridSample", List.of("x", "x"), List.of("y"), "mode", Attribute.of("bicubic"))))
                        .attributes())
                .isEqualTo(Map.of("mode", Attribute.of("cubic")));
        Graph swish = normal(24, node("Swish", "alpha", Attribute.of(2f)));
        assertThat(swish.nodes()).extracting(Node::operator).containsExactly("Mul", "Sigmoid", "Mul");
        assertThat(operand(swish, swish.nodes().get(0), 1).item()).isEqualTo(2);
        assertThat(normal(24, node("Swish")).nodes()).extracting(Node::operator).containsExactly("Sigmoid", "Mul");
    }

    @Test
    void aGraphWithANewerOperatorKeepsTheSetThatBroughtIt() {
        Node scatter = node("TensorScatter", List.of("x", "x"), List.of("y"));
        assertThat(normal(27, scatter).opsets()).isEqualTo(Map.of("", 24));
        assertThat(normal(27, node("CumProd", List.of("x", "x"), List.of("y"))).opsets())
                .isEqualTo(Map.of("", 26));
        assertThat(normal(27, node("Neg")).opsets()).isEqualTo(Map.of("", Graph.OPSET));
    }

    @Test
    void whatCannotBeNormalisedIsRefused() {
        String sets = "save4j reads operator sets 7 to 27; export the model with one of them, best with 23";
        refused(6, node("Add", List.of("x", "x"), List.of("y")), sets);
        refused(28, node("Neg"), sets);
        assertThat(only(normal(1, node("Not"))).operator()).isEqualTo("Not");
        refused(
                7,
                node("Add", List.of("x", "x"), List.of("y"), "broadcast", Attribute.of(1)),
                "its attribute 'broadcast' or 'axis' has no meaning since operator set 7");
        refused(9, node("Upsample"), "Upsample was withdrawn; export with operator set 13 or later");
        refused(10, node("Resize"), "its meaning changed in set 11; export the model with set 11 or later");
        refused(8, node("Scan"), "its meaning changed in set 9; export the model with set 9 or later");
        refused(18, node("GroupNormalization"), "its meaning changed in set 21; export the model with set 21 or later");
        refused(12, node("Softmax", List.of(), List.of("y")), "it has no operand");
        assertThatThrownBy(() -> GraphNormalizer.normalize(
                        graph(Map.of(Node.MICROSOFT, 1), TensorType.of(ElementType.FLOAT), node("Neg"))))
                .hasMessage("graph 'g': node 'n' (Neg) belongs to the standard operators, but the model does not say of"
                        + " which set; its opset_import is incomplete");
        assertThatThrownBy(() -> normal(23, node("LeakyRelu", "alpha", new Attribute.Reference("slope", 1))))
                .hasMessage(
                        "graph 'g': node 'n' (LeakyRelu): attribute 'alpha' refers to a function but is not in one");
    }

    @Test
    void attributesAtTheirDefaultAreLeftOut() {
        assertThat(only(normal(
                                13,
                                node(
                                        "Gemm",
                                        List.of("x", "x"),
                                        List.of("y"),
                                        "alpha",
                                        Attribute.of(1f),
                                        "beta",
                                        Attribute.of(0.5f),
                                        "transA",
                                        Attribute.of(0),
                                        "transB",
                                        Attribute.of(1))))
                        .attributes())
                .isEqualTo(Map.of("beta", Attribute.of(0.5f), "transB", Attribute.of(1)));
        assertThat(only(normal(23, node("Cast", "to", Attribute.of(1), "saturate", Attribute.of(1))))
                        .attributes())
                .containsOnlyKeys("to");
        assertThat(only(normal(23, node("Gelu", "approximate", Attribute.of("none"))))
                        .attributes())
                .isEmpty();
        assertThat(only(normal(23, node("Gelu", "approximate", Attribute.of("tanh"))))
                        .attributes())
                .hasSize(1);
        Node fused = new Node(
                "f",
                Node.MICROSOFT,
                "FusedMatMul",
                List.of("x", "x"),
                List.of("y"),
                Map.of("transA", Attribute.of(0), "transB", Attribute.of(1), "alpha", Attribute.of(1f)));
        Graph graph = GraphNormalizer.normalize(
                graph(Map.of("", 17, Node.MICROSOFT, 1), TensorType.of(ElementType.FLOAT, 2, 2), fused));
        assertThat(only(graph).attributes()).isEqualTo(Map.of("transB", Attribute.of(1)));
        assertThat(graph.opsets()).isEqualTo(Map.of("", 23, Node.MICROSOFT, 1));
    }

    @Test
    void whatNoOutputNeedsIsLeftOut() {
        Graph source = new Graph(
                "g",
                Map.of("", 17),
                List.of(
                        new ValueInfo("x", TensorType.of(ElementType.FLOAT)),
                        new ValueInfo("unused", TensorType.of(ElementType.FLOAT))),
                List.of(new ValueInfo("y", TensorType.of(ElementType.FLOAT))),
                List.of(
                        node("Add", List.of("x", "dead_weight"), List.of("dead")),
                        node("Neg", List.of("dead"), List.of("deader")),
                        node("Add", List.of("x", "weight"), List.of("y"))),
                Map.of("dead_constant", Tensor.scalar(1)),
                Map.of(
                        "weight", TensorType.of(ElementType.FLOAT, 1),
                        "dead_weight", TensorType.of(ElementType.FLOAT, 1)));
        Graph graph = GraphNormalizer.normalize(source);
        assertThat(only(graph).inputs()).containsExactly("x", "weight");
        assertThat(graph.parameters()).containsOnlyKeys("weight");
        assertThat(graph.constants()).isEmpty();
        assertThat(graph.inputs()).as("inputs are the contract with the caller").hasSize(2);
    }

    @Test
    void bodiesAreNormalisedAndKeepWhatTheyReadOutside() {
        Graph body = new Graph(
                "then",
                Map.of(),
                List.of(),
                List.of(new ValueInfo("r", TensorType.UNKNOWN)),
                List.of(
                        node("Constant", List.of(), List.of("c"), "value_float", Attribute.of(2f)),
                        node("Mul", List.of("outside", "c"), List.of("m")),
                        node("ReduceSum", List.of("m"), List.of("r"), "axes", Attribute.ofInts(0)),
                        node("Neg", List.of("m"), List.of("dead"))),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
        Graph graph = normal(
                11,
                node("Exp", List.of("x"), List.of("outside")),
                node("Not", List.of("x"), List.of("c0")),
                node("If", List.of("c0"), List.of("y"), "then_branch", new Attribute.Body(body)));
        assertThat(graph.nodes()).extracting(Node::operator).containsExactly("Exp", "Not", "If");
        Graph inside = ((Attribute.Body) graph.nodes().get(2).attributes().get("then_branch")).value();
        assertThat(inside.nodes()).extracting(Node::operator).containsExactly("Mul", "ReduceSum");
        assertThat(inside.nodes().get(1).inputs()).hasSize(2);
        assertThat(inside.constants()).hasSize(2).containsKey("c");
    }

    @Test
    void theStandardDomainHasTwoSpellings() {
        Graph graph = GraphNormalizer.normalize(Wire.decode(Wire.message(model -> {
                    model.integer(1, 8);
                    model.message(7, Wire.message(g -> {
                        g.message(11, Wire.value("x", ElementType.FLOAT));
                        g.message(
                                1, Wire.node("n", "Neg", Wire.names("x"), Wire.names("y"), n -> n.text(7, "ai.onnx")));
                        g.message(12, Wire.value("y", ElementType.FLOAT));
                    }));
                    model.message(8, Wire.message(set -> {
                        set.text(1, "ai.onnx");
                        set.integer(2, 17);
                    }));
                })
                .toByteArray()));
        assertThat(only(graph).domain()).isEmpty();
        assertThat(graph.opsets()).isEqualTo(Map.of("", 23));
    }

    @Test
    void newNamesDoNotMeetOldOnes() {
        Graph graph = normal(
                11,
                node("Neg", List.of("x"), List.of("n/axes")),
                node("ReduceSum", List.of("n/axes"), List.of("y"), "axes", Attribute.ofInts(1)));
        assertThat(graph.constants()).containsOnlyKeys("n/axes_1");
        graph.validate(java.util.Set.of());
    }

    @Test
    void nodesHaveNamesOfTheirOwn() {
        Graph graph = normal(
                17,
                node("Neg", List.of("x"), List.of("a")),
                node("Neg", List.of("a"), List.of("b")),
                node("Neg", List.of("b"), List.of("y")));
        assertThat(graph.nodes()).extracting(Node::name).containsExactly("n", "n_1", "n_2");
        assertThat(GraphNormalizer.normalize(graph)).isEqualTo(graph);
    }

    @Test
    void graphsThatWereBuiltHereStayAsTheyAre() {
        GraphBuilder g = new GraphBuilder("built");
        Value x = g.input("x", ElementType.FLOAT, "batch", 4);
        Value w = g.parameter("w", 4, 4);
        g.output("y", x.linear(w).sum(1, false).stopGradient());
        Graph graph = g.build();
        assertThat(GraphNormalizer.normalize(graph)).isEqualTo(graph);
    }
}

package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;
import java.util.Map;

/** Samples of choices, loops and losses of classification. */
final class ControlSamples {
    private ControlSamples() {}

    static void addTo(SampleList list) {
        for (boolean condition : new boolean[] {true, false}) {
            list.op("If")
                    .input(Numbers.of(new boolean[] {condition}))
                    .set("then_branch", branch(1, 2))
                    .set("else_branch", branch(3, 4))
                    .label(String.valueOf(condition));
        }
        loops(list);
        losses(list);
    }

    private static Attribute branch(float... values) {
        Graph graph = new Graph(
                "branch",
                Map.of("", Graph.OPSET),
                List.of(),
                List.of(value("chosen", ElementType.FLOAT, 2)),
                List.of(node("Neg", List.of("held"), "chosen")),
                Map.of("held", Tensor.of(values, 2)),
                Map.of());
        return new Attribute.Body(graph);
    }

    private static ValueInfo value(String name, ElementType element, Object... sizes) {
        return new ValueInfo(name, TensorType.of(element, sizes));
    }

    private static Node node(String operator, List<String> inputs, String output) {
        return new Node("", "", operator, inputs, List.of(output), Map.of());
    }

    private static void loops(SampleList list) {
        Graph body = new Graph(
                "turn",
                Map.of("", Graph.OPSET),
                List.of(
                        value("turn", ElementType.INT64),
                        value("running", ElementType.BOOL),
                        value("sum", ElementType.FLOAT, 2)),
                List.of(
                        value("goes_on", ElementType.BOOL),
                        value("next", ElementType.FLOAT, 2),
                        value("seen", ElementType.FLOAT, 2)),
                List.of(
                        node("Less", List.of("turn", "last"), "goes_on"),
                        node("Add", List.of("sum", "sum"), "next"),
                        node("Neg", List.of("next"), "seen")),
                Map.of("last", Tensor.scalar(2L)),
                Map.of());
        for (long limit : new long[] {2, 10}) {
            list.op("Loop")
                    .input(Numbers.scalar(limit))
                    .input(Numbers.of(new boolean[] {true}))
                    .data(list.numbers(2))
                    .set("body", new Attribute.Body(body))
                    .results(2)
                    .label("at most " + limit + " turns");
        }
        Graph step = new Graph(
                "step",
                Map.of("", Graph.OPSET),
                List.of(value("before", ElementType.FLOAT, 2), value("row", ElementType.FLOAT, 2)),
                List.of(value("after", ElementType.FLOAT, 2), value("shown", ElementType.FLOAT, 2)),
                List.of(node("Add", List.of("before", "row"), "after"), node("Exp", List.of("after"), "shown")),
                Map.of(),
                Map.of());
        list.op("Scan")
                .data(list.numbers(2))
                .data(list.numbers(3, 2))
                .set("body", new Attribute.Body(step))
                .set("num_scan_inputs", 1)
                .results(2)
                .label("running sum");
        list.op("Scan")
                .data(list.numbers(2))
                .data(list.numbers(2, 3))
                .set("body", new Attribute.Body(step))
                .set("num_scan_inputs", 1)
                .set("scan_input_axes", Attribute.ofInts(1))
                .set("scan_input_directions", Attribute.ofInts(1))
                .set("scan_output_axes", Attribute.ofInts(1))
                .set("scan_output_directions", Attribute.ofInts(1))
                .results(2)
                .label("along columns, backwards");
    }

    private static void losses(SampleList list) {
        Numbers labels = Numbers.of(new long[] {2, 0, 1, 2}, 4);
        for (String operator : List.of("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")) {
            for (String reduction : List.of("mean", "sum", "none")) {
                list.op(operator)
                        .data(list.numbers(4, 3))
                        .input(labels)
                        .set("reduction", reduction)
                        .label(reduction);
            }
            list.op(operator)
                    .data(list.numbers(2, 3, 4))
                    .input(list.integers(0, 3, 2, 4))
                    .constant(list.positive(3))
                    .label("weights and more axes");
            list.op(operator)
                    .data(list.numbers(4, 3))
                    .input(labels)
                    .set("ignore_index", 2)
                    .label("ignored class");
        }
        list.op("SoftmaxCrossEntropyLoss")
                .data(list.numbers(4, 3))
                .input(labels)
                .results(2)
                .label("with log-probabilities");
    }
}

package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of recurrent layers. */
final class RecurrentSamples {
    private static final int LENGTH = 4;
    private static final int BATCH = 2;
    private static final int INPUT = 3;
    private static final int HIDDEN = 2;

    private RecurrentSamples() {}

    static void addTo(SampleList list) {
        layer(list, "RNN", 1);
        layer(list, "GRU", 3);
        layer(list, "LSTM", 4);
        start(list, "GRU", 3, 1)
                .data(bias(list, 3, 1))
                .set("linear_before_reset", 1)
                .label("linear before reset");
        Numbers state = list.numbers(1, BATCH, HIDDEN);
        start(list, "LSTM", 4, 1)
                .data(bias(list, 4, 1))
                .absent()
                .data(state)
                .data(list.numbers(1, BATCH, HIDDEN))
                .data(list.numbers(1, 3 * HIDDEN))
                .results(3)
                .label("memory and peepholes");
        start(list, "LSTM", 4, 1).set("input_forget", 1).label("one gate for input and forgetting");
        numbered(list, "RNN", 1, "HardSigmoid");
        numbered(list, "GRU", 3, "HardSigmoid", "LeakyRelu");
        numbered(list, "LSTM", 4, "HardSigmoid", "LeakyRelu", "Tanh");
        activations(list, "RNN", 1, "Relu");
        activations(list, "GRU", 3, "Sigmoid", "Relu");
        activations(list, "LSTM", 4, "Sigmoid", "Relu", "Softsign");
    }

    private static Numbers bias(SampleList list, int gates, int directions) {
        return list.numbers(directions, 2 * gates * HIDDEN);
    }

    private static SampleList.Draft start(SampleList list, String operator, int gates, int directions) {
        return list.op(operator)
                .data(list.numbers(LENGTH, BATCH, INPUT))
                .data(list.numbers(directions, gates * HIDDEN, INPUT))
                .data(list.numbers(directions, gates * HIDDEN, HIDDEN))
                .set("hidden_size", HIDDEN);
    }

    private static void layer(SampleList list, String operator, int gates) {
        start(list, operator, gates, 1).results(2).label("no bias");
        start(list, operator, gates, 1)
                .data(bias(list, gates, 1))
                .set("direction", "reverse")
                .results(2)
                .label("backward");
        start(list, operator, gates, 2)
                .data(bias(list, gates, 2))
                .input(Numbers.vector(4, 2).withType(ElementType.INT32))
                .data(list.numbers(2, BATCH, HIDDEN))
                .set("direction", "bidirectional")
                .results(2)
                .label("both directions, rows of different length, given state");
        start(list, operator, gates, 1)
                .data(bias(list, gates, 1))
                .set("clip", 0.51f)
                .label("clipped");
    }

    private static void numbered(SampleList list, String operator, int gates, String... functions) {
        List<Float> alphas = functions.length == 1 ? List.of(0.3f) : List.of(0.3f, 0.05f);
        start(list, operator, gates, 1)
                .set("activations", new Attribute.Texts(List.of(functions)))
                .set("activation_alpha", new Attribute.Reals(alphas))
                .set("activation_beta", new Attribute.Reals(List.of(0.4f)))
                .rough()
                .label("functions with numbers");
    }

    private static void activations(SampleList list, String operator, int gates, String... functions) {
        start(list, operator, gates, 1)
                .set("activations", new Attribute.Texts(List.of(functions)))
                .label("other functions");
    }
}

package dev.save4j.onnxruntime.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is kept for the backward pass and what is computed again. That the numbers are the same is checked where it runs. */
class RecomputationTest {
    private static final int BLOCKS = 3;

    /** Blocks with a residual stream, whose values before, between and behind the blocks are named {@code stream/…} */
    private static Graph residual() {
        GraphBuilder g = new GraphBuilder("residual");
        Value x = g.input("x", ElementType.FLOAT, "batch", 4);
        Value stream = g.scoped("stream", () -> x.mul(g.parameter("gain", 4)));
        for (int i = 0; i < BLOCKS; i++) {
            Value before = stream;
            Value wide = before.linear(g.parameter("up." + i, 8, 4)).silu();
            Value narrow = wide.linear(g.parameter("down." + i, 4, 8));
            stream = g.scoped("stream", () -> before.add(narrow));
        }
        Value last = stream;
        g.output("loss", g.scoped("stream", last::square).sum());
        return g.build();
    }

    private static Graph recomputed(Graph graph) {
        return new Backpropagation("engine", graph, "loss", weight -> true, true)
                .gradients(false, false)
                .graph();
    }

    private static List<Node> conditionals(List<Node> nodes) {
        return nodes.stream().filter(node -> node.operator().equals("If")).toList();
    }

    private static List<Node> body(Node conditional) {
        return ((Attribute.Body) Objects.requireNonNull(conditional.attributes().get("then_branch")))
                .value()
                .nodes();
    }

    /** The values of the forward pass that nodes behind it read. */
    private static Set<String> kept(Graph graph, Graph gradients) {
        Set<String> forward = new HashSet<>();
        graph.nodes().forEach(node -> forward.addAll(node.outputs()));
        Set<String> kept = new HashSet<>();
        gradients.nodes().stream()
                .filter(node -> node.outputs().stream().noneMatch(forward::contains))
                .forEach(node -> kept.addAll(node.reads()));
        kept.retainAll(forward);
        return kept;
    }

    @Test
    void onlyWhatPassesFromBlockToBlockIsKept() {
        Graph graph = residual();
        Graph gradients = recomputed(graph);
        assertThat(conditionals(gradients.nodes())).hasSize(BLOCKS);
        assertThat(kept(graph, gradients)).allMatch(value -> value.startsWith("stream/") || value.equals("loss"));
        Graph plain = new Backpropagation("engine", graph, "loss", weight -> true, false)
                .gradients(false, false)
                .graph();
        assertThat(conditionals(plain.nodes())).isEmpty();
        assertThat(kept(graph, plain)).anyMatch(value -> value.startsWith("Sigmoid"));
    }

    @Test
    void oneBlockFollowsTheOther() {
        List<Node> blocks = conditionals(recomputed(residual()).nodes());
        for (int i = 1; i < BLOCKS; i++) {
            assertThat(blocks.get(i).reads())
                    .as("block %d waits for the one before it", i)
                    .containsAnyElementsOf(blocks.get(i - 1).outputs());
        }
    }

    /** Parts of a sequence times a matrix, put together again. */
    private static Graph inParts(boolean residual) {
        GraphBuilder g = new GraphBuilder("parts");
        Value x = g.input("x", ElementType.FLOAT, "batch", 12, 4).mul(g.parameter("gain", 4));
        Value projected = residual ? x.linear(g.parameter("projection", 4, 4)) : x;
        List<Value> parts = new ArrayList<>();
        for (int from = 0; from < 12; from += 4) {
            parts.add(projected
                    .slice(1, from, from + 4)
                    .linear(g.parameter("head", 9, 4))
                    .logSoftmax(-1)
                    .max(-1, true));
        }
        Value joined = g.concat(1, parts);
        g.output("loss", (residual ? x.add(joined) : joined).square().sum());
        return g.build();
    }

    @Test
    void partsThatAreJoinedAreComputedAgainOneAfterTheOther() {
        Graph graph = inParts(false);
        Graph gradients = recomputed(graph);
        List<Node> parts = conditionals(gradients.nodes());
        assertThat(parts).hasSize(3);
        assertThat(kept(graph, gradients)).noneMatch(value -> value.startsWith("LogSoftmax"));
        // The derivative by the weight that all of them read is added up from part to part.
        assertThat(parts.get(1).reads()).containsAnyElementsOf(parts.get(0).outputs());
        assertThat(parts.get(2).reads()).containsAnyElementsOf(parts.get(1).outputs());
    }

    @Test
    void partsOfABlockAreComputedAgainWithinIt() {
        List<Node> blocks = conditionals(recomputed(inParts(true)).nodes());
        assertThat(blocks).hasSize(1);
        assertThat(conditionals(body(blocks.get(0)))).hasSize(3);
    }
}

package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;

/** The translations of one graph, one for each set of input shapes, the last used first. Not thread-safe; closed by its owner. */
final class TracedGraphs implements AutoCloseable {
    /** Translations that are kept; one of a small model takes a few megabytes. */
    static final int KEPT = 24;

    private final Plan plan;
    private final DataType floating;
    private final int threads;
    private final WeightViews weights;
    private final Constants constants;
    private final List<Entry> entries = new ArrayList<>();

    private record Entry(List<List<Long>> shapes, TracedGraph graph) {}

    TracedGraphs(Plan plan, DataType floating, int threads, WeightViews weights) {
        this.plan = plan;
        this.floating = floating;
        this.threads = threads;
        this.weights = weights;
        constants = new Constants(plan.constants(), floating);
    }

    Plan plan() {
        return plan;
    }

    /** Number of translations that are alive. */
    int size() {
        return entries.size();
    }

    /** Runs the graph forward. */
    Map<String, Tensor> evaluate(Map<String, Tensor> inputs) {
        return run(inputs, TracedGraph::finish);
    }

    /**
     * Runs the graph forward and backward.
     *
     * @param receiver is given each gradient, scaled, valid only during the call
     */
    Map<String, Tensor> differentiate(
            Map<String, Tensor> inputs, double scale, BiConsumer<String, NativeTensor> receiver) {
        return run(inputs, (graph, run) -> graph.finish(run, scale, receiver));
    }

    private interface Finish {
        Map<String, Tensor> apply(TracedGraph graph, Run run);
    }

    private Map<String, Tensor> run(Map<String, Tensor> inputs, Finish finish) {
        check(inputs);
        List<List<Long>> shapes = plan.graph().inputs().stream()
                .map(input -> Arrays.stream(
                                Objects.requireNonNull(inputs.get(input.name())).shape())
                        .boxed()
                        .toList())
                .toList();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            if (entry.shapes().equals(shapes)) {
                try (Run run = new Run(inputs)) {
                    if (entry.graph().prepare(run)) {
                        entries.add(0, entries.remove(i));
                        return finish.apply(entry.graph(), run);
                    }
                }
            }
        }
        try (Run run = new Run(inputs)) {
            TracedGraph graph = new TracedGraph(plan, floating, threads, run, this::lent);
            entries.add(0, new Entry(shapes, graph));
            if (entries.size() > KEPT) {
                entries.remove(KEPT).graph().close();
            }
            return finish.apply(graph, run);
        }
    }

    private NativeTensor lent(String name) {
        NativeTensor constant = constants.get(name);
        return constant == null ? weights.get(name) : constant;
    }

    private void check(Map<String, Tensor> inputs) {
        Graph graph = plan.graph();
        for (ValueInfo input : graph.inputs()) {
            Tensor tensor = inputs.get(input.name());
            if (tensor == null) {
                throw SaveException.user("graph '" + graph.name() + "' needs the input '" + input.name() + "' "
                        + input.type() + "; given are " + inputs.keySet());
            }
            if (!fits(tensor, input.type())) {
                throw SaveException.user("input '" + input.name() + "' of graph '" + graph.name() + "' is " + tensor
                        + " but " + input.type() + " was expected");
            }
        }
        inputs.keySet().forEach(graph::input);
    }

    private static boolean fits(Tensor tensor, TensorType type) {
        boolean fits = (!type.isRanked() || tensor.rank() == type.rank())
                && (tensor.type() == type.element()
                        || tensor.type().isFloating() && type.element().isFloating());
        for (int axis = 0; fits && type.isRanked() && axis < type.rank(); axis++) {
            fits = !type.dimension(axis).isFixed() || type.dimension(axis).size() == tensor.dimension(axis);
        }
        return fits;
    }

    @Override
    public void close() {
        entries.forEach(entry -> entry.graph().close());
        entries.clear();
        constants.close();
    }
}

package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.Map;
import java.util.Optional;

/** Lookups and writes by indices: what was read gets the derivative added, what was overwritten gets none. */
final class IndexGradients {
    private IndexGradients() {}

    static void addTo(GradientRules.Registry rules) {
        rules.add("Gather", IndexGradients::gather);
        rules.add("GatherElements", IndexGradients::gatherElements);
        rules.add("GatherND", IndexGradients::gatherAtPositions);
        rules.add(
                "ScatterElements", ((GradientRule) IndexGradients::scatterElements).unless(IndexGradients::reduction));
        rules.add("ScatterND", ((GradientRule) IndexGradients::scatterAtPositions).unless(IndexGradients::reduction));
        rules.add("TopK", IndexGradients::largest);
    }

    /** The data as {@code [outer, rows, inner]}: dy is added at the rows that were read. */
    private static void gather(Step step) {
        int axis = step.axis("axis", 0);
        int rank = step.rank(0);
        Emitter emitter = step.emitter();
        Term rows = step.input(1).cast(ElementType.INT64).reshape(-1);
        Term height = step.sizes(0, axis, axis + 1);
        Term width = product(step, axis + 1, rank);
        Term slope = step.slope();
        if (axis == 0) {
            Term updates = slope.reshape(emitter.vector(-1).concat(0, width));
            if (rank == 2) {
                // The gradient of an embedding that is the output layer as well is added to that of the layer.
                step.give(0, base -> step.addedRows(base, rows, updates));
                return;
            }
            Term zeros = emitter.full(height.concat(0, width), slope.element(), 0);
            step.give(0, step.addedRows(zeros, rows, updates).reshape(step.shape(0)));
            return;
        }
        Term outer = product(step, 0, axis);
        Term updates = slope.reshape(outer.concat(0, emitter.vector(-1), width));
        Term zeros = emitter.full(outer.concat(0, height, width), slope.element(), 0);
        Term indices = rows.unsqueeze(0, 2).expand(updates.shape());
        step.give(0, zeros.scatterElements(indices, updates, 1, true).reshape(step.shape(0)));
    }

    /** The number of elements of some axes of operand 0, a vector of one element. */
    private static Term product(Step step, int from, int to) {
        Size size =
                step.type(0).sizes().orElseThrow().subList(from, to).stream().reduce(Size.ONE, Size::times);
        if (size.isFixed()) {
            return step.emitter().vector(size.factor());
        }
        return step.emitter()
                .op("ReduceProd", ElementType.INT64, Map.of("keepdims", Attribute.of(1)), step.sizes(0, from, to));
    }

    private static void gatherElements(Step step) {
        int axis = step.axis("axis", 0);
        step.give(
                0,
                new Slope.Scattered(
                        axis, step.input(1), step.slope(), step.type(1).sizes()));
    }

    /** The rows that the positions name are counted by looking up the same positions in a tensor of row numbers. */
    private static void gatherAtPositions(Step step) {
        int batch = (int) step.node().integer("batch_dims", 0);
        int lead = batch + depth(step);
        int rank = step.rank(0);
        Emitter emitter = step.emitter();
        Term height = product(step, 0, lead);
        Term width = product(step, lead, rank);
        Term numbers = emitter.range(height.squeeze(0)).reshape(step.sizes(0, 0, lead));
        Term rows = emitter.op(
                        "GatherND",
                        ElementType.INT64,
                        Map.of("batch_dims", Attribute.of(batch)),
                        numbers,
                        step.input(1))
                .reshape(-1);
        Term updates = step.slope().reshape(emitter.vector(-1).concat(0, width));
        Term zeros = emitter.full(height.concat(0, width), updates.element(), 0);
        step.give(0, step.addedRows(zeros, rows, updates).reshape(step.shape(0)));
    }

    private static int depth(Step step) {
        Size depth = step.type(1).size(step.rank(1) - 1);
        if (!depth.isFixed()) {
            throw step.unsupported("the graph does not say how many axes the positions '"
                    + step.node().inputs().get(1) + "' name, which the gradient needs");
        }
        return (int) depth.factor();
    }

    private static String reduction(Node node) {
        String reduction = node.text("reduction", "none");
        return reduction.equals("none") || reduction.equals("add")
                ? ""
                : "reduction is '" + reduction + "', expected 'none' or 'add' where a gradient flows";
    }

    /** Of several updates of one element only the last counts, as it does in the operator. */
    private static void scatterElements(Step step) {
        Node node = step.node();
        int axis = step.axis("axis", 0);
        Term slope = step.slope();
        Term read = slope.gatherElements(step.input(1), axis);
        if (node.text("reduction", "none").equals("add")) {
            step.give(0, slope);
            step.give(2, read);
            return;
        }
        if (step.wants(0)) {
            Term zeros = step.emitter().full(step.shape(2), slope.element(), 0);
            step.give(0, slope.scatterElements(step.input(1), zeros, axis, false));
        }
        if (step.wants(2)) {
            Term numbers = step.emitter().range(step.input(2).count()).reshape(step.shape(2));
            Term none = step.emitter().full(step.shape(0), ElementType.INT64, 0);
            Term last =
                    none.scatterElements(step.input(1), numbers, axis, false).gatherElements(step.input(1), axis);
            step.give(2, last.equalTo(numbers).keep(read));
        }
    }

    private static void scatterAtPositions(Step step) {
        Term slope = step.slope();
        Term read = at(step, slope);
        if (step.node().text("reduction", "none").equals("add")) {
            step.give(0, slope);
            step.give(2, read);
            return;
        }
        if (step.wants(0)) {
            step.give(0, written(step, slope, step.emitter().full(step.shape(2), slope.element(), 0)));
        }
        if (step.wants(2)) {
            Term numbers = step.emitter().range(step.input(2).count()).reshape(step.shape(2));
            Term none = step.emitter().full(step.shape(0), ElementType.INT64, 0);
            step.give(2, at(step, written(step, none, numbers)).equalTo(numbers).keep(read));
        }
    }

    private static Term at(Step step, Term value) {
        return step.emitter().op("GatherND", value.element(), Map.of(), value, step.input(1));
    }

    private static Term written(Step step, Term value, Term updates) {
        return step.emitter().op("ScatterND", value.element(), Map.of(), value, step.input(1), updates);
    }

    private static void largest(Step step) {
        Optional<Term> slope = step.slope(0);
        if (slope.isPresent()) {
            Term positions = step.output(1, ElementType.INT64);
            step.give(
                    0,
                    new Slope.Scattered(
                            step.axis("axis", -1),
                            positions,
                            slope.get(),
                            step.resultType(0).sizes()));
        }
    }
}

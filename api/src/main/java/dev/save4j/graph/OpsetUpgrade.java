package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Rewrites one node of the standard domain from the operator set of its file to {@link Graph#OPSET}, by the changes that the ONNX operator change log
 * lists. Operators whose meaning did not change are passed on.
 */
final class OpsetUpgrade {
    static final int OLDEST = 7;
    static final int NEWEST = 27;

    static final Set<String> REDUCTIONS = Set.of(
            "ReduceSum",
            "ReduceMean",
            "ReduceMax",
            "ReduceMin",
            "ReduceProd",
            "ReduceSumSquare",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp");

    /** Operators that mean the same in every set before {@link #OLDEST}; others changed how they broadcast. */
    private static final Set<String> AGELESS = Set.of(
            "Not", "Constant", "Identity", "Transpose", "Shape", "Size", "Gather", "Flatten", "Squeeze", "Unsqueeze");

    private static final Set<String> BROADCASTING = Set.of("Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Equal");

    private final Node node;
    private final int version;
    private final NormalScope scope;

    private OpsetUpgrade(Node node, int version, NormalScope scope) {
        this.node = node;
        this.version = version;
        this.scope = scope;
    }

    /** Adds what stands for the node to the scope. */
    static void apply(Node node, int version, NormalScope scope) {
        new OpsetUpgrade(node, version, scope).apply();
    }

    private void apply() {
        if (version > NEWEST || version < OLDEST && !AGELESS.contains(node.operator())) {
            throw refused("save4j reads operator sets " + OLDEST + " to " + NEWEST
                    + "; export the model with one of them, best with " + Graph.OPSET);
        }
        if (REDUCTIONS.contains(node.operator())) {
            axes(node.operator().equals("ReduceSum") ? 13 : 18);
            return;
        }
        switch (node.operator()) {
            case "Constant" -> constant();
            case "Softmax", "LogSoftmax", "Hardmax" -> flatteningSoftmax();
            case "Squeeze", "Unsqueeze" -> axes(13);
            case "Clip" -> clip();
            case "Pad" -> pad();
            case "Slice" -> slice();
            case "Split" -> split();
            case "TopK" -> topK();
            case "Dropout" -> dropout();
            case "BatchNormalization" -> batchNormalization();
            case "Scatter" -> renamed("ScatterElements");
            case "RoiAlign" -> withAttributeBefore(16, "coordinate_transformation_mode", "output_half_pixel");
            case "GridSample" -> gridSample();
            case "DFT" -> dft();
            case "Swish" -> swish();
            case "Upsample" -> throw refused("Upsample was withdrawn; export with operator set 13 or later");
            case "Resize" -> requireAtLeast(11);
            case "Scan" -> requireAtLeast(9);
            case "GroupNormalization" -> requireAtLeast(21);
            default -> {
                if (BROADCASTING.contains(node.operator()) && (node.has("broadcast") || node.has("axis"))) {
                    throw refused("its attribute 'broadcast' or 'axis' has no meaning since operator set 7");
                }
                scope.add(node);
            }
        }
    }

    /** The lowest operator set in which a rewritten node can stand; above {@link Graph#OPSET} for operators that came later. */
    static int since(Node node) {
        return switch (node.operator()) {
            case "TensorScatter" -> 24;
            case "Attention" -> node.hasInput(6) ? 24 : Graph.OPSET;
            case "BitCast", "CumProd" -> 26;
            default -> Graph.OPSET;
        };
    }

    private SaveException refused(String why) {
        return SaveException.user(node.describe() + " of operator set " + version + " cannot be normalised: " + why);
    }

    private void requireAtLeast(int first) {
        if (version < first) {
            throw refused("its meaning changed in set " + first + "; export the model with set " + first + " or later");
        }
        scope.add(node);
    }

    private Node with(String operator, List<String> inputs, Map<String, Attribute> attributes) {
        return new Node(node.name(), "", operator, inputs, node.outputs(), attributes);
    }

    private Map<String, Attribute> without(String... names) {
        Map<String, Attribute> others = new LinkedHashMap<>(node.attributes());
        others.keySet().removeAll(List.of(names));
        return others;
    }

    private String label(String part) {
        return (node.name().isEmpty() ? node.outputs().get(0) : node.name()) + "/" + part;
    }

    private String operand() {
        if (!node.hasInput(0)) {
            throw refused("it has no operand");
        }
        return node.inputs().get(0);
    }

    /** The given operands, absent ones in between included. */
    private List<String> inputs(int count) {
        List<String> inputs = new ArrayList<>(node.inputs());
        while (inputs.size() < count) {
            inputs.add("");
        }
        return inputs;
    }

    private String integers(String attribute) {
        return scope.newConstant(label(attribute), Tensor.vector(node.integers(attribute)));
    }

    private void constant() {
        if (node.attributes().size() != 1) {
            throw refused("a constant has exactly one attribute, this one has "
                    + node.attributes().keySet());
        }
        String kind = node.attributes().keySet().iterator().next();
        Attribute value = node.attributes().get(kind);
        Tensor tensor;
        if (value instanceof Attribute.Constant constant) {
            tensor = constant.value();
        } else if (value instanceof Attribute.Real real) {
            tensor = Tensor.scalar(real.value());
        } else if (value instanceof Attribute.Int integer) {
            tensor = Tensor.scalar(integer.value());
        } else if (value instanceof Attribute.Ints integers) {
            tensor = Tensor.vector(integers.toArray());
        } else if (value instanceof Attribute.Reals reals) {
            tensor = Tensor.allocate(ElementType.FLOAT, reals.values().size());
            for (int i = 0; i < reals.values().size(); i++) {
                tensor.floats().put(i, reals.values().get(i));
            }
        } else {
            throw refused("its attribute '" + kind + "' holds strings, which save4j does not");
        }
        if (node.hasOutput(0)) {
            scope.constant(node.outputs().get(0), tensor);
        }
    }

    /** Until set 12 the operand was flattened to two dimensions at the axis; since then only the axis itself counts. */
    private void flatteningSoftmax() {
        if (version >= 13) {
            scope.add(node);
            return;
        }
        long axis = node.integer("axis", 1);
        OptionalInt rank = scope.ranks().of(operand());
        if (axis == -1 || rank.isPresent() && (axis == rank.getAsInt() - 1 || rank.getAsInt() == 0)) {
            scope.add(with(node.operator(), node.inputs(), Map.of()));
            return;
        }
        String operand = operand();
        String shape = scope.fresh(label("shape"));
        String flat = scope.fresh(label("flat"));
        String result = scope.fresh(label("result"));
        scope.add(new Node(shape, "", "Shape", List.of(operand), List.of(shape), Map.of()));
        scope.add(new Node(flat, "", "Flatten", List.of(operand), List.of(flat), Map.of("axis", Attribute.of(axis))));
        scope.add(new Node(node.name(), "", node.operator(), List.of(flat), List.of(result), Map.of()));
        scope.add(new Node(label("unflatten"), "", "Reshape", List.of(result, shape), node.outputs(), Map.of()));
    }

    /** Moves the attribute {@code axes} to the second operand. */
    private void axes(int first) {
        if (version >= first || !node.has("axes")) {
            scope.add(node);
            return;
        }
        List<String> inputs = new ArrayList<>(node.inputs());
        inputs.add(integers("axes"));
        scope.add(with(node.operator(), inputs, without("axes")));
    }

    private void clip() {
        if (version >= 11) {
            scope.add(node);
            return;
        }
        String operand = operand();
        List<String> inputs = inputs(3);
        if (node.has("min") && node.real("min", 0) > -Float.MAX_VALUE) {
            inputs.set(1, scope.scalarLike(operand, label("min"), node.real("min", 0)));
        }
        if (node.has("max") && node.real("max", 0) < Float.MAX_VALUE) {
            inputs.set(2, scope.scalarLike(operand, label("max"), node.real("max", 0)));
        }
        scope.add(with("Clip", inputs, Map.of()));
    }

    private void pad() {
        if (version >= 11) {
            scope.add(node);
            return;
        }
        List<String> inputs = inputs(3);
        inputs.set(1, integers("pads"));
        if (node.real("value", 0) != 0) {
            inputs.set(2, scope.scalarLike(operand(), label("value"), node.real("value", 0)));
        }
        scope.add(with("Pad", inputs, without("pads", "value")));
    }

    private void slice() {
        if (version >= 10) {
            scope.add(node);
            return;
        }
        List<String> inputs = inputs(4);
        inputs.set(1, integers("starts"));
        inputs.set(2, integers("ends"));
        if (node.has("axes")) {
            inputs.set(3, integers("axes"));
        }
        scope.add(with("Slice", inputs, Map.of()));
    }

    private void split() {
        List<String> inputs = new ArrayList<>(node.inputs());
        Map<String, Attribute> attributes = without("split");
        if (version < 13 && node.has("split")) {
            inputs.add(integers("split"));
        } else if (version < 18 && !node.hasInput(1)) {
            attributes.put("num_outputs", Attribute.of(node.outputs().size()));
        }
        scope.add(with("Split", inputs, attributes));
    }

    private void topK() {
        if (version >= 10) {
            scope.add(node);
            return;
        }
        if (!node.has("k")) {
            throw refused("it lacks its attribute 'k'");
        }
        String count = scope.newConstant(label("k"), Tensor.vector(node.integer("k", 0)));
        scope.add(with("TopK", List.of(operand(), count), without("k")));
    }

    /** At inference dropout is the identity and its mask is true everywhere. */
    private void dropout() {
        boolean mask = node.hasOutput(1);
        if (node.hasInput(2)) {
            boolean off = scope.constantOf(node.inputs().get(2))
                    .filter(training -> training.type() == ElementType.BOOL && training.size() == 1)
                    .map(training -> training.toLongs()[0] == 0)
                    .orElse(false);
            if (!off) {
                scope.add(node);
                return;
            }
        }
        if (mask && version < 10) {
            throw refused("its mask is used, whose type changed in set 10; export with set 10 or later");
        }
        String operand = operand();
        scope.add(new Node(
                node.name(),
                "",
                "Identity",
                List.of(operand),
                List.of(node.outputs().get(0)),
                Map.of()));
        if (mask) {
            String shape = scope.fresh(label("shape"));
            scope.add(new Node(shape, "", "Shape", List.of(operand), List.of(shape), Map.of()));
            scope.add(new Node(
                    label("mask"),
                    "",
                    "ConstantOfShape",
                    List.of(shape),
                    List.of(node.outputs().get(1)),
                    Map.of("value", Attribute.of(Tensor.of(new boolean[] {true}, 1)))));
        }
    }

    private void batchNormalization() {
        if (version < 14) {
            if (node.integer("spatial", 1) != 1) {
                throw refused("it normalises without 'spatial', which was withdrawn in set 9");
            }
            for (int i = 1; i < node.outputs().size(); i++) {
                if (node.hasOutput(i)) {
                    throw refused("it has the outputs of training; export the model in evaluation mode");
                }
            }
            scope.add(new Node(
                    node.name(),
                    "",
                    node.operator(),
                    node.inputs(),
                    node.outputs().subList(0, 1),
                    without("spatial", "momentum")));
            return;
        }
        scope.add(
                node.integer("training_mode", 0) == 0
                        ? with(node.operator(), node.inputs(), without("momentum"))
                        : node);
    }

    private void renamed(String operator) {
        scope.add(with(operator, node.inputs(), node.attributes()));
    }

    private void withAttributeBefore(int first, String attribute, String value) {
        Map<String, Attribute> attributes = without();
        if (version < first) {
            attributes.put(attribute, Attribute.of(value));
        }
        scope.add(with(node.operator(), node.inputs(), attributes));
    }

    private void gridSample() {
        Map<String, Attribute> attributes = without();
        String mode = node.text("mode", "bilinear");
        if (version < 20) {
            attributes.put(
                    "mode", Attribute.of(mode.equals("bilinear") ? "linear" : mode.equals("bicubic") ? "cubic" : mode));
        }
        scope.add(with(node.operator(), node.inputs(), attributes));
    }

    private void dft() {
        if (version >= 20) {
            scope.add(node);
            return;
        }
        List<String> inputs = inputs(3);
        inputs.set(2, scope.newConstant(label("axis"), Tensor.scalar(node.integer("axis", 1))));
        scope.add(with("DFT", inputs, without("axis")));
    }

    /** x σ(αx); the operator itself is newer than {@link Graph#OPSET}. */
    private void swish() {
        String operand = operand();
        float alpha = node.real("alpha", 1);
        String scaled = operand;
        if (alpha != 1) {
            scaled = scope.fresh(label("scaled"));
            String factor = scope.scalarLike(operand, label("alpha"), alpha);
            scope.add(new Node(scaled, "", "Mul", List.of(operand, factor), List.of(scaled), Map.of()));
        }
        String gate = scope.fresh(label("gate"));
        scope.add(new Node(gate, "", "Sigmoid", List.of(scaled), List.of(gate), Map.of()));
        scope.add(with("Mul", List.of(operand, gate), Map.of()));
    }
}

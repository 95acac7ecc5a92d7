package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.Shapes;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A node that is traced, and the values of its operands. */
final class Arguments {
    private final Node node;
    private final Trace trace;
    private final List<@Nullable TracedValue> operands;
    private final List<ElementType> elements;
    private final boolean differentiable;

    /**
     * @param operands null for one that is left out
     * @param elements types of the operands in the ONNX graph
     * @param differentiable whether gradients flow to the operands
     */
    Arguments(
            Node node,
            Trace trace,
            List<@Nullable TracedValue> operands,
            List<ElementType> elements,
            boolean differentiable) {
        this.node = node;
        this.trace = trace;
        this.operands = operands;
        this.elements = elements;
        this.differentiable = differentiable;
    }

    Node node() {
        return node;
    }

    TensorOps ops() {
        return trace.ops();
    }

    int count() {
        return operands.size();
    }

    boolean has(int index) {
        return index < operands.size() && operands.get(index) != null;
    }

    private TracedValue value(int index) {
        TracedValue value = operands.get(index);
        if (value == null) {
            throw SaveException.internal(node.describe() + ": operand " + index + " is left out");
        }
        return value;
    }

    boolean isOnHost(int index) {
        return value(index) instanceof TracedValue.OnHost;
    }

    ElementType element(int index) {
        return elements.get(index);
    }

    boolean isFloating(int index) {
        return value(index) instanceof TracedValue.OnDevice device
                && device.symbol().isFloating();
    }

    /** The operand in the TensorFlow graph; integers have 64 bits. */
    Symbol symbol(int index) {
        if (value(index) instanceof TracedValue.OnHost host) {
            return trace.symbol(host, host.tensor().type() == ElementType.BOOL ? DataType.BOOLEAN : DataType.INT64);
        }
        Symbol symbol = ((TracedValue.OnDevice) value(index)).symbol();
        // TensorFlow refuses to differentiate a graph when it meets an operation without a gradient on the way.
        return differentiable || !symbol.isFloating() ? symbol : ops().stopGradient(symbol);
    }

    /** The operand as floating numbers, whatever it is. */
    Symbol floating(int index) {
        if (value(index) instanceof TracedValue.OnHost host) {
            return trace.symbol(host, ops().floating());
        }
        Symbol symbol = symbol(index);
        return symbol.isFloating() ? symbol : ops().cast(symbol, ops().floating());
    }

    private TracedValue.OnHost host(int index) {
        if (value(index) instanceof TracedValue.OnHost host) {
            return host;
        }
        Symbol symbol = ((TracedValue.OnDevice) value(index)).symbol();
        if (symbol.isFloating()) {
            throw SaveException.internal(node.describe() + ": operand " + index + " is floating");
        }
        TracedValue.OnHost fetched = trace.fetch(symbol, elements.get(index));
        operands.set(index, fetched);
        return fetched;
    }

    long[] shape(int index) {
        return value(index) instanceof TracedValue.OnHost host
                ? trace.pinnedShape(host)
                : value(index).shape();
    }

    int rank(int index) {
        return value(index).shape().length;
    }

    /** Integers that are built into the TensorFlow graph: axes, sizes, bounds. */
    long[] longs(int index) {
        return tensor(index).values();
    }

    HostTensor tensor(int index) {
        return trace.pinned(host(index));
    }

    long[] longsOrNone(int index) {
        return has(index) ? longs(index) : new long[0];
    }

    /** What a run knows of the operands on the host. */
    interface Operands extends HostArithmetic.Operands {}

    /**
     * Integers that every run computes from operands on the host, as a constant or fed.
     *
     * @param used the operands that are read
     */
    Symbol computed(DataType type, Function<Operands, HostTensor> compute, int... used) {
        return trace.symbol(onHost(compute, true, used), type);
    }

    /** Integers that every run computes from operands on the host, as a result. */
    TracedValue.OnHost onHost(Function<Operands, HostTensor> compute, boolean fixedShape, int... used) {
        List<TracedValue.OnHost> read = new ArrayList<>();
        int[] slots = new int[operands.size()];
        for (int index : used) {
            TracedValue.OnHost host = host(index);
            read.add(host);
            slots[index] = host.slot();
        }
        boolean fixed = read.stream().allMatch(TracedValue.OnHost::isFixed);
        boolean steady = fixedShape && read.stream().allMatch(TracedValue.OnHost::hasFixedShape);
        return trace.host(run -> compute.apply(index -> run.get(slots[index])), fixed, steady);
    }

    /** The value of an operand that is a constant with one element. */
    OptionalDouble constant(int index) {
        if (value(index) instanceof TracedValue.OnHost host) {
            return host.isFixed() && host.tensor().size() == 1
                    ? OptionalDouble.of((double) host.tensor().item())
                    : OptionalDouble.empty();
        }
        return ((TracedValue.OnDevice) value(index)).constant();
    }

    /** The numbers of a small operand, which are built into the TensorFlow graph. */
    double[] numbers(int index) {
        OptionalDouble constant = constant(index);
        if (constant.isPresent()) {
            return new double[] {constant.getAsDouble()};
        }
        if (!isFloating(index)) {
            return Arrays.stream(longs(index)).asDoubleStream().toArray();
        }
        float[] floats = trace.numbers(symbol(index));
        return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
    }

    /** The axis named by an attribute, counted from the start. */
    int axis(String attribute, long orElse) {
        return Shapes.axis(node, node.integer(attribute, orElse), rank(0));
    }

    boolean flag(String attribute, boolean orElse) {
        return node.integer(attribute, orElse ? 1 : 0) != 0;
    }

    Symbol scalar(double value) {
        return ops().scalar(value);
    }

    /** All results of a node whose operands and results are integers. */
    List<TracedValue> arithmetic() {
        int[] used = IntStream.range(0, operands.size()).filter(this::has).toArray();
        if (node.operator().equals("Shape") || node.operator().equals("Size")) {
            return List.of(shapes());
        }
        boolean fixedShape =
                HostShapes.areFixed(node, index -> has(index) && host(index).isFixed());
        List<TracedValue> results = new ArrayList<>();
        for (int i = 0; i < node.outputs().size(); i++) {
            int result = i;
            results.add(onHost(given -> HostArithmetic.evaluate(node, given).get(result), fixedShape, used));
        }
        return results;
    }

    private TracedValue shapes() {
        if (value(0) instanceof TracedValue.OnHost host && !host.hasFixedShape()) {
            int slot = host.slot();
            return trace.host(
                    run -> HostArithmetic.evaluate(node, index -> run.get(slot)).get(0), false, true);
        }
        long[] shape = value(0).shape();
        HostArithmetic.Operands known = new HostArithmetic.Operands() {
            @Override
            public HostTensor tensor(int index) {
                throw SaveException.internal(node.describe() + " reads more than the shape of its operand");
            }

            @Override
            public long[] shape(int index) {
                return shape;
            }
        };
        return trace.host(run -> HostArithmetic.evaluate(node, known).get(0), true, true);
    }

    SaveException unsupported(String what) {
        return SaveException.user("engine '" + TensorFlowEngine.NAME + "' cannot run " + node.describe() + ": " + what
                + " (operands of shape " + shapesOfOperands() + ")");
    }

    List<String> shapesOfOperands() {
        return IntStream.range(0, count())
                .mapToObj(i -> has(i) ? Arrays.toString(value(i).shape()) : "none")
                .toList();
    }
}

package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What is to be done on the host before the TensorFlow graph can run: integers are computed and fed. Recorded while the graph is made, by doing it
 * for the inputs at hand, and repeated for every other run.
 *
 * <p>The TensorFlow graph has all shapes built in, and with them every integer that a shape was computed from. Where such integers come from the
 * data and not from the shapes of the inputs, the trace remembers them and does not fit runs in which they differ.
 */
final class Trace {
    private final TensorOps ops;
    private final TensorSession session;
    private final List<Instruction> program = new ArrayList<>();
    private final Run first;
    private final Map<String, TracedValue.OnHost> fetched = new HashMap<>();
    private int slots;

    /** One thing that is done. */
    private interface Instruction {
        /** Whether the trace still fits the run. */
        boolean execute(Run run);
    }

    /**
     * @param first the run that is traced
     */
    Trace(TensorOps ops, TensorSession session, Run first) {
        this.ops = ops;
        this.session = session;
        this.first = first;
    }

    TensorOps ops() {
        return ops;
    }

    private void record(Instruction instruction) {
        if (!instruction.execute(first)) {
            throw new IllegalStateException("a trace fits the run it is made of");
        }
        program.add(instruction);
    }

    /** Repeats the trace; false when it does not fit the run, which is then left half done. */
    boolean replay(Run run) {
        for (Instruction instruction : program) {
            if (!instruction.execute(run)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Integers that every run computes.
     *
     * @param fixed whether they are the same in all runs, so that they need not be computed again
     */
    TracedValue.OnHost host(Function<Run, HostTensor> compute, boolean fixed, boolean fixedShape) {
        int slot = slots++;
        if (fixed) {
            HostTensor value = compute.apply(first);
            record(run -> {
                run.put(slot, value);
                return true;
            });
        } else {
            record(run -> {
                run.put(slot, compute.apply(run));
                return true;
            });
        }
        return new TracedValue.OnHost(slot, first.get(slot), fixed, fixedShape);
    }

    /** Integers or booleans that the TensorFlow graph computes and the host needs: every run stops there to fetch them. */
    TracedValue.OnHost fetch(Symbol symbol, ElementType type) {
        String key = symbol.operation().address() + ":" + symbol.index() + type;
        TracedValue.OnHost known = fetched.get(key);
        if (known != null) {
            return known;
        }
        Symbol own = ops.identity(symbol);
        TracedValue.OnHost value = host(run -> integers(run, own, type), false, true);
        fetched.put(key, value);
        return value;
    }

    private HostTensor integers(Run run, Symbol symbol, ElementType type) {
        ElementType held = NativeTensor.elementType(symbol.type());
        HostTensor integers = HostTensor.of(download(run, symbol, held));
        return new HostTensor(type, integers.values(), integers.shape());
    }

    /**
     * @param symbol a result of its own, since what is fed cannot be fetched
     */
    private Tensor download(Run run, Symbol symbol, ElementType type) {
        try (NativeTensor result = session.run(run.feeds(), List.of(symbol)).get(0)) {
            return result.download(type);
        }
    }

    /** The numbers of a small floating symbol; the trace fits only runs in which they are the same. */
    float[] numbers(Symbol symbol) {
        Symbol own = ops.identity(symbol);
        float[] numbers = download(first, own, ElementType.FLOAT).toFloats();
        record(run ->
                Arrays.equals(numbers, download(run, own, ElementType.FLOAT).toFloats()));
        return numbers;
    }

    /** The integers themselves, for whatever is built into the TensorFlow graph; the trace fits only runs in which they are the same. */
    HostTensor pinned(TracedValue.OnHost value) {
        if (!value.isFixed()) {
            record(run -> run.get(value.slot()).equals(value.tensor()));
        }
        return value.tensor();
    }

    /** The shape of integers; the trace fits only runs in which it is the same. */
    long[] pinnedShape(TracedValue.OnHost value) {
        if (!value.hasFixedShape()) {
            record(run -> Arrays.equals(run.get(value.slot()).shape(), value.shape()));
        }
        return value.shape();
    }

    /** A placeholder for an input of floating numbers. */
    Symbol input(String name, long[] shape) {
        Symbol placeholder = ops.placeholder(ops.floating(), shape);
        record(run -> {
            run.feeds().give(placeholder, NativeTensor.copyOf(run.input(name), ops.floating()));
            return true;
        });
        return placeholder;
    }

    /** Integers in the TensorFlow graph: a constant if they are always the same, otherwise fed. */
    Symbol symbol(TracedValue.OnHost value, DataType type) {
        return value.symbols().computeIfAbsent(type, key -> {
            if (value.isFixed()) {
                return ops.constant(value.tensor(), type);
            }
            long[] shape = pinnedShape(value);
            Symbol placeholder = ops.placeholder(type, shape);
            record(run -> {
                run.feeds().give(placeholder, NativeTensor.copyOf(run.get(value.slot()), type));
                return true;
            });
            return placeholder;
        });
    }
}

package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.graph.HostTensor;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalDouble;

/** A value of a graph while it is traced: integers and booleans of shape arithmetic on the host, everything else in the TensorFlow graph. */
sealed interface TracedValue {
    long[] shape();

    /**
     * A result in the TensorFlow graph; floating, or integers and booleans that floating numbers were turned into.
     *
     * @param constant the value, if it is a constant with one element
     */
    record OnDevice(Symbol symbol, OptionalDouble constant) implements TracedValue {
        OnDevice(Symbol symbol) {
            this(symbol, OptionalDouble.empty());
        }

        @Override
        public long[] shape() {
            return symbol.shape();
        }
    }

    /** Integers or booleans that are computed again in every run, from the inputs of that run. */
    final class OnHost implements TracedValue {
        private final int slot;
        private final HostTensor tensor;
        private final boolean fixed;
        private final boolean fixedShape;
        private final Map<DataType, Symbol> symbols = new EnumMap<>(DataType.class);

        /**
         * @param slot where a run keeps it
         * @param tensor what it is in the run that is traced
         * @param fixed whether it is the same in every run with inputs of these shapes
         * @param fixedShape whether its shape is
         */
        OnHost(int slot, HostTensor tensor, boolean fixed, boolean fixedShape) {
            this.slot = slot;
            this.tensor = tensor;
            this.fixed = fixed;
            this.fixedShape = fixed || fixedShape;
        }

        int slot() {
            return slot;
        }

        HostTensor tensor() {
            return tensor;
        }

        boolean isFixed() {
            return fixed;
        }

        boolean hasFixedShape() {
            return fixedShape;
        }

        /** What feeds it to the TensorFlow graph, by type. */
        Map<DataType, Symbol> symbols() {
            return symbols;
        }

        @Override
        public long[] shape() {
            return tensor.shape();
        }
    }
}

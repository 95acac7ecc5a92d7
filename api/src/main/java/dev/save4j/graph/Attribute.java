package dev.save4j.graph;

import dev.save4j.tensor.Tensor;
import java.util.List;

/** A constant parameter of a node. */
public sealed interface Attribute {
    record Int(long value) implements Attribute {}

    record Real(float value) implements Attribute {}

    record Text(String value) implements Attribute {}

    record Ints(List<Long> values) implements Attribute {
        public Ints {
            values = List.copyOf(values);
        }

        public long[] toArray() {
            return values.stream().mapToLong(Long::longValue).toArray();
        }
    }

    record Reals(List<Float> values) implements Attribute {
        public Reals {
            values = List.copyOf(values);
        }
    }

    record Texts(List<String> values) implements Attribute {
        public Texts {
            values = List.copyOf(values);
        }
    }

    /** A constant tensor; equal to another when type, shape and bytes are. */
    record Constant(Tensor value) implements Attribute {
        @Override
        public boolean equals(Object other) {
            return other instanceof Constant constant && value.contentEquals(constant.value);
        }

        @Override
        public int hashCode() {
            return value.toString().hashCode();
        }
    }

    /** The body of a control-flow operator. */
    record Body(Graph value) implements Attribute {}

    /**
     * Stands in the body of an {@link OnnxFunction} for the attribute of that name at the node that calls the function. Graphs have none.
     *
     * @param kind the number of AttributeProto.AttributeType
     */
    record Reference(String parameter, int kind) implements Attribute {}

    static Attribute of(long value) {
        return new Int(value);
    }

    static Attribute of(float value) {
        return new Real(value);
    }

    static Attribute of(String value) {
        return new Text(value);
    }

    static Attribute of(Tensor value) {
        return new Constant(value);
    }

    static Attribute ofInts(long... values) {
        return new Ints(java.util.Arrays.stream(values).boxed().toList());
    }
}

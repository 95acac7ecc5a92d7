package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Map;

/** A value of a graph that is being written. Every method adds nodes; binary operators broadcast as in NumPy, and nothing is checked. */
record Term(Emitter emitter, String name, ElementType element) {
    private Term op(String operator, Term... operands) {
        return emitter.op(operator, element, Map.of(), operands);
    }

    Term constant(double value) {
        return emitter.scalar(element, value);
    }

    Term add(Term other) {
        return op("Add", this, other);
    }

    Term sub(Term other) {
        return op("Sub", this, other);
    }

    Term mul(Term other) {
        return op("Mul", this, other);
    }

    Term div(Term other) {
        return op("Div", this, other);
    }

    Term add(double other) {
        return add(constant(other));
    }

    Term mul(double other) {
        return other == 1 ? this : other == -1 ? neg() : mul(constant(other));
    }

    /** {@code value − this}. */
    Term subFrom(double value) {
        return constant(value).sub(this);
    }

    Term neg() {
        return op("Neg", this);
    }

    Term abs() {
        return op("Abs", this);
    }

    Term sign() {
        return op("Sign", this);
    }

    Term exp() {
        return op("Exp", this);
    }

    Term log() {
        return op("Log", this);
    }

    Term sqrt() {
        return op("Sqrt", this);
    }

    Term square() {
        return mul(this);
    }

    Term reciprocal() {
        return op("Reciprocal", this);
    }

    Term tanh() {
        return op("Tanh", this);
    }

    Term sigmoid() {
        return op("Sigmoid", this);
    }

    Term unary(String operator) {
        return op(operator, this);
    }

    Term pow(Term exponent) {
        return op("Pow", this, exponent);
    }

    Term max(Term other) {
        return op("Max", this, other);
    }

    Term min(Term other) {
        return op("Min", this, other);
    }

    private Term compare(String operator, Term other) {
        return emitter.op(operator, ElementType.BOOL, Map.of(), this, other);
    }

    Term greater(Term other) {
        return compare("Greater", other);
    }

    Term less(Term other) {
        return compare("Less", other);
    }

    Term equalTo(Term other) {
        return compare("Equal", other);
    }

    Term greater(double other) {
        return greater(constant(other));
    }

    Term and(Term other) {
        return op("And", this, other);
    }

    Term not() {
        return op("Not", this);
    }

    /** Elementwise choice by this BOOL value. */
    Term choose(Term whenTrue, Term whenFalse) {
        return emitter.op("Where", whenTrue.element, Map.of(), this, whenTrue, whenFalse);
    }

    /** The elements where this BOOL value holds, 0 elsewhere. */
    Term keep(Term values) {
        return choose(values, values.constant(0));
    }

    /** The elements where this BOOL value does not hold, 0 elsewhere. */
    Term drop(Term values) {
        return choose(values.constant(0), values);
    }

    Term cast(ElementType to) {
        return to == element ? this : emitter.op("Cast", to, Map.of("to", Attribute.of((long) to.onnxCode())), this);
    }

    Term shape() {
        return emitter.shapeOf(this);
    }

    /** The number of elements, a scalar. */
    Term count() {
        return emitter.op("Size", ElementType.INT64, Map.of(), this);
    }

    Term identity() {
        return op("Identity", this);
    }

    Term reshape(Term shape) {
        return emitter.op("Reshape", element, Map.of("allowzero", Attribute.of(1)), this, shape);
    }

    /** Sizes as in Reshape: 0 keeps, −1 takes what is left. */
    Term reshape(long... sizes) {
        return op("Reshape", this, emitter.vector(sizes));
    }

    Term expand(Term shape) {
        return op("Expand", this, shape);
    }

    Term unsqueeze(long... axes) {
        return axes.length == 0 ? this : op("Unsqueeze", this, emitter.vector(axes));
    }

    Term squeeze(long... axes) {
        return axes.length == 0 ? this : op("Squeeze", this, emitter.vector(axes));
    }

    Term transpose(int... permutation) {
        long[] axes = java.util.Arrays.stream(permutation).asLongStream().toArray();
        return emitter.op("Transpose", element, Map.of("perm", Attribute.ofInts(axes)), this);
    }

    Term sum(boolean keep, long... axes) {
        return reduce("ReduceSum", keep, axes);
    }

    Term mean(boolean keep, long... axes) {
        return reduce("ReduceMean", keep, axes);
    }

    private Term reduce(String operator, boolean keep, long... axes) {
        return emitter.op(
                operator, element, Map.of("keepdims", Attribute.of(keep ? 1 : 0)), this, emitter.vector(axes));
    }

    /** The sum of all elements, a scalar. */
    Term sum() {
        return emitter.op("ReduceSum", element, Map.of("keepdims", Attribute.of(0)), this);
    }

    Term concat(int axis, Term... others) {
        Term[] all = new Term[others.length + 1];
        all[0] = this;
        System.arraycopy(others, 0, all, 1, others.length);
        return emitter.op("Concat", element, Map.of("axis", Attribute.of(axis)), all);
    }

    /** Elements {@code from} to {@code to} of one axis, bounds as vectors of one element. */
    Term slice(long axis, Term from, Term to) {
        return op("Slice", this, from, to, emitter.vector(axis));
    }

    Term slice(long axis, long from, long to) {
        return slice(axis, emitter.vector(from), emitter.vector(to));
    }

    /** Elements of a vector from one position to another. */
    Term part(long from, long to) {
        return slice(0, from, to);
    }

    Term gather(Term indices, int axis) {
        return emitter.op("Gather", element, Map.of("axis", Attribute.of(axis)), this, indices);
    }

    Term gatherElements(Term indices, int axis) {
        return emitter.op("GatherElements", element, Map.of("axis", Attribute.of(axis)), this, indices);
    }

    /** This with the updates written, or added, at positions along an axis. */
    Term scatterElements(Term indices, Term updates, int axis, boolean add) {
        return emitter.op(
                "ScatterElements",
                element,
                Map.of("axis", Attribute.of(axis), "reduction", Attribute.of(add ? "add" : "none")),
                this,
                indices,
                updates);
    }

    /** A product of matrices of which each may be transposed, batches broadcasting. */
    Term product(boolean transposed, Term other, boolean otherTransposed, float factor) {
        if (!transposed && !otherTransposed && factor == 1) {
            return op("MatMul", this, other);
        }
        return emitter.node(
                        Node.MICROSOFT,
                        "FusedMatMul",
                        Map.of(
                                "transA", Attribute.of(transposed ? 1 : 0),
                                "transB", Attribute.of(otherTransposed ? 1 : 0),
                                "alpha", Attribute.of(factor)),
                        List.of(this, other),
                        List.of(element))
                .get(0);
    }

    /** A product of two plain matrices of which each may be transposed. */
    Term gemm(boolean transposed, Term other, boolean otherTransposed, float factor) {
        return emitter.op(
                "Gemm",
                element,
                Map.of(
                        "transA", Attribute.of(transposed ? 1 : 0),
                        "transB", Attribute.of(otherTransposed ? 1 : 0),
                        "alpha", Attribute.of(factor)),
                this,
                other);
    }
}

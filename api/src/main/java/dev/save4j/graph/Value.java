package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of a graph under construction. Every method adds one node (or a few) to the {@link GraphBuilder} it came from and returns the result;
 * binary operators broadcast as in NumPy. A mismatch of types or shapes is an INTERNAL error that names both values.
 */
public final class Value {
    private final GraphBuilder builder;
    private final String name;
    private final TensorType type;

    Value(GraphBuilder builder, String name, TensorType type) {
        this.builder = builder;
        this.name = name;
        this.type = type;
    }

    GraphBuilder builder() {
        return builder;
    }

    public String name() {
        return name;
    }

    public TensorType type() {
        return type;
    }

    public int rank() {
        return type.rank();
    }

    // Arithmetic

    public Value add(Value other) {
        return builder.op("Add", this, other);
    }

    public Value add(double other) {
        return add(builder.scalar(other));
    }

    public Value sub(Value other) {
        return builder.op("Sub", this, other);
    }

    public Value sub(double other) {
        return sub(builder.scalar(other));
    }

    public Value mul(Value other) {
        return builder.op("Mul", this, other);
    }

    public Value mul(double other) {
        return mul(builder.scalar(other));
    }

    public Value div(Value other) {
        return builder.op("Div", this, other);
    }

    public Value div(double other) {
        return div(builder.scalar(other));
    }

    public Value pow(double exponent) {
        return builder.op("Pow", this, builder.scalar(exponent));
    }

    public Value square() {
        return mul(this);
    }

    public Value min(Value other) {
        return builder.op("Min", this, other);
    }

    public Value max(Value other) {
        return builder.op("Max", this, other);
    }

    public Value neg() {
        return builder.op("Neg", this);
    }

    public Value abs() {
        return builder.op("Abs", this);
    }

    public Value exp() {
        return builder.op("Exp", this);
    }

    public Value log() {
        return builder.op("Log", this);
    }

    public Value sqrt() {
        return builder.op("Sqrt", this);
    }

    public Value reciprocal() {
        return builder.op("Reciprocal", this);
    }

    public Value erf() {
        return builder.op("Erf", this);
    }

    public Value tanh() {
        return builder.op("Tanh", this);
    }

    public Value sigmoid() {
        return builder.op("Sigmoid", this);
    }

    /** log(1 + e^x). */
    public Value softplus() {
        return builder.op("Softplus", this);
    }

    /** log σ(x) = −softplus(−x), without overflow. */
    public Value logSigmoid() {
        return neg().softplus().neg();
    }

    public Value relu() {
        return builder.op("Relu", this);
    }

    /** x σ(x), also called swish. */
    public Value silu() {
        return mul(sigmoid());
    }

    public Value clip(double low, double high) {
        return builder.op("Clip", this, builder.scalar(low), builder.scalar(high));
    }

    // Comparison and choice

    public Value equalTo(Value other) {
        return builder.op("Equal", this, other);
    }

    public Value greaterThan(Value other) {
        return builder.op("Greater", this, other);
    }

    public Value lessThan(Value other) {
        return builder.op("Less", this, other);
    }

    public Value lessOrEqual(Value other) {
        return builder.op("LessOrEqual", this, other);
    }

    public Value and(Value other) {
        return builder.op("And", this, other);
    }

    public Value not() {
        return builder.op("Not", this);
    }

    /** Elementwise choice by this BOOL value. */
    public Value choose(Value whenTrue, Value whenFalse) {
        return builder.op("Where", this, whenTrue, whenFalse);
    }

    public Value cast(ElementType element) {
        return builder.op("Cast", List.of(this), Map.of("to", Attribute.of(element.onnxCode())));
    }

    /** The same value, through which no gradient flows. */
    public Value stopGradient() {
        return builder.op(Node.SAVE4J, "StopGradient", List.of(this), Map.of());
    }

    public Value identity() {
        return builder.op("Identity", this);
    }

    // Linear algebra

    public Value matmul(Value other) {
        return builder.op("MatMul", this, other);
    }

    /** {@code x Wᵀ} for a weight stored {@code [out, in]}; the transposition is part of the product, nothing is moved. */
    public Value linear(Value weight) {
        return builder.op(Node.MICROSOFT, "FusedMatMul", List.of(this, weight), Map.of("transB", Attribute.of(1)));
    }

    // Reduction; negative axes count from the end

    public Value sum(int axis, boolean keep) {
        return reduce("ReduceSum", axis, keep);
    }

    public Value mean(int axis, boolean keep) {
        return reduce("ReduceMean", axis, keep);
    }

    public Value max(int axis, boolean keep) {
        return reduce("ReduceMax", axis, keep);
    }

    /** The sum of all elements, a scalar. */
    public Value sum() {
        return builder.op("ReduceSum", List.of(this), Map.of("keepdims", Attribute.of(0)));
    }

    /** The mean of all elements, a scalar. */
    public Value mean() {
        return builder.op("ReduceMean", List.of(this), Map.of("keepdims", Attribute.of(0)));
    }

    private Value reduce(String operator, int axis, boolean keep) {
        return builder.op(
                operator, List.of(this, builder.vector(axis)), Map.of("keepdims", Attribute.of(keep ? 1 : 0)));
    }

    public Value softmax(int axis) {
        return builder.op("Softmax", List.of(this), Map.of("axis", Attribute.of(axis)));
    }

    public Value logSoftmax(int axis) {
        return builder.op("LogSoftmax", List.of(this), Map.of("axis", Attribute.of(axis)));
    }

    public Value cumulativeSum(int axis) {
        return builder.op("CumSum", this, builder.scalar((long) axis));
    }

    // Shape

    /** Sizes: 0 keeps the dimension at that position, -1 takes what is left. */
    public Value reshape(long... sizes) {
        return builder.op("Reshape", this, builder.vector(sizes));
    }

    public Value reshape(Value sizes) {
        return builder.op("Reshape", this, sizes);
    }

    public Value transpose(long... permutation) {
        return builder.op("Transpose", List.of(this), Map.of("perm", Attribute.ofInts(permutation)));
    }

    public Value unsqueeze(long... axes) {
        return builder.op("Unsqueeze", this, builder.vector(axes));
    }

    public Value squeeze(long... axes) {
        return builder.op("Squeeze", this, builder.vector(axes));
    }

    public Value expand(Value shape) {
        return builder.op("Expand", this, shape);
    }

    /** The shape as a vector of 64-bit integers. */
    public Value shape() {
        return builder.op("Shape", this);
    }

    /** The size of one axis as a vector of one element. */
    public Value size(int axis) {
        int from = axis < 0 ? axis + rank() : axis;
        return builder.op("Shape", List.of(this), Map.of("start", Attribute.of(from), "end", Attribute.of(from + 1)));
    }

    /** Elements {@code from} to {@code to} (exclusive) of one axis; negative bounds count from the end. */
    public Value slice(int axis, long from, long to) {
        return slice(axis, builder.vector(from), builder.vector(to));
    }

    /** As {@link #slice(int, long, long)} with bounds computed in the graph, each a vector of one element. */
    public Value slice(int axis, Value from, Value to) {
        return builder.op("Slice", this, from, to, builder.vector(axis));
    }

    /** Parts of the given sizes along one axis. */
    public List<Value> split(int axis, long... sizes) {
        List<TensorType> types = new ArrayList<>();
        int at = axis < 0 ? axis + rank() : axis;
        for (long size : sizes) {
            List<Dimension> shape = new ArrayList<>(type.shape());
            shape.set(at, Dimension.of(size));
            types.add(type.withShape(shape));
        }
        Dimension whole = type.dimension(at);
        long total = java.util.Arrays.stream(sizes).sum();
        if (!whole.fits(Dimension.of(total))) {
            throw SaveException.internal(
                    this + " cannot be split into " + java.util.Arrays.toString(sizes) + " along axis " + axis);
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("axis", Attribute.of(axis));
        return builder.node("", "Split", List.of(this, builder.vector(sizes)), attributes, types);
    }

    // Indexing

    /** Rows of this value along {@code axis}, one for each index. */
    public Value gather(Value indices, int axis) {
        return builder.op("Gather", List.of(this, indices), Map.of("axis", Attribute.of(axis)));
    }

    /** One element along {@code axis} for each position of {@code indices}, which has this value's rank. */
    public Value gatherElements(Value indices, int axis) {
        return builder.op("GatherElements", List.of(this, indices), Map.of("axis", Attribute.of(axis)));
    }

    /** {@code [batch, n, …]} at {@code [batch, 1]} positions gives {@code [batch, …]}. */
    public Value atPosition(Value positions) {
        return builder.op("GatherND", List.of(this, positions), Map.of("batch_dims", Attribute.of(1)));
    }

    @Override
    public String toString() {
        return "'" + name + "' " + type;
    }
}

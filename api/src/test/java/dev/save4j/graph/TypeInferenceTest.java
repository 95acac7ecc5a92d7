package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class TypeInferenceTest {
    private final GraphBuilder g = new GraphBuilder("g");
    private int inputs;

    private Value value(Object... sizes) {
        return g.input("v" + inputs++, ElementType.FLOAT, sizes);
    }

    private Value ids(Object... sizes) {
        return g.input("i" + inputs++, ElementType.INT64, sizes);
    }

    private Value flags(Object... sizes) {
        return g.input("b" + inputs++, ElementType.BOOL, sizes);
    }

    private static void assertShape(Value value, Object... sizes) {
        assertThat(value.type()).isEqualTo(TensorType.of(value.type().element(), sizes));
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.INTERNAL))
                .hasMessage(message);
    }

    @Test
    void operandsBroadcastAsInNumPy() {
        assertShape(value("batch", 1, 4).add(value(3, 1)), "batch", 3, 4);
        assertShape(value().mul(value("n")), "n");
        assertShape(value("n").sub(value("n")), "n");
        assertShape(value("n").div(value(1)), "n");
        assertShape(value("n").max(value(7)), 7);
        assertShape(value("n").min(value("m")), Dimension.UNKNOWN);
        assertShape(value("n", 2).pow(2), "n", 2);
        assertShape(value(0, 2).add(value(1)), 0, 2);
    }

    @Test
    void sizesAndTypesThatDoNotFitAreRefusedByTheNamesOfTheValues() {
        Value a = value(2, 3);
        Value b = value(2, 4);
        refused(
                () -> a.add(b),
                "Add of ['v0' FLOAT[2, 3], 'v1' FLOAT[2, 4]]: dimension 1 of the result would be both 3 and 4");
        Value i = ids(2, 3);
        refused(() -> a.add(i), "Add of ['v0' FLOAT[2, 3], 'i2' INT64[2, 3]]: the element types differ");
        refused(() -> i.exp(), "Exp of ['i2' INT64[2, 3]]: operand 0 must be floating");
        refused(() -> a.not(), "Not of ['v0' FLOAT[2, 3]]: operand 0 must be BOOL");
        refused(
                () -> g.op("Bernoulli", a),
                "the type of Bernoulli cannot be inferred; build it with node(…) and give its types");
        refused(
                () -> g.op(Node.MICROSOFT, "Attention", List.of(a), Map.of()),
                "the type of com.microsoft::Attention cannot be inferred; build it with node(…) and give its types");
    }

    @Test
    void comparisonsAndChoicesHaveTheirTypes() {
        Value a = value("n");
        Value b = value("n");
        for (Value flag : new Value[] {a.equalTo(b), a.greaterThan(b), a.lessThan(b), a.lessOrEqual(b)}) {
            assertThat(flag.type()).isEqualTo(TensorType.of(ElementType.BOOL, "n"));
        }
        Value flag = flags("n");
        assertThat(flag.and(flag.not()).type()).isEqualTo(TensorType.of(ElementType.BOOL, "n"));
        assertThat(flag.choose(a, b).type()).isEqualTo(TensorType.of(ElementType.FLOAT, "n"));
        assertThat(a.cast(ElementType.INT64).type()).isEqualTo(TensorType.of(ElementType.INT64, "n"));
    }

    @Test
    void productsJoinTheInnerDimensions() {
        assertShape(value("batch", 2, 5, 3).matmul(value(3, 4)), "batch", 2, 5, 4);
        assertShape(value("batch", 7, 3).linear(g.parameter("w", 5, 3)), "batch", 7, 5);
        Value a = value(2, 3);
        Value b = value(2, 4);
        refused(() -> a.matmul(b), "MatMul of ['v3' FLOAT[2, 3], 'v4' FLOAT[2, 4]]: the inner dimensions differ");
        Value vector = value(3);
        refused(
                () -> a.matmul(vector),
                "MatMul of ['v3' FLOAT[2, 3], 'v5' FLOAT[3]]: needs operands of rank 2 or more");
        refused(() -> a.linear(b), "FusedMatMul of ['v3' FLOAT[2, 3], 'v4' FLOAT[2, 4]]: the inner dimensions differ");
    }

    @Test
    void reductionsKeepOrDropTheirAxes() {
        Value a = value("batch", 3, 4);
        assertShape(a.sum(1, true), "batch", 1, 4);
        assertShape(a.mean(-1, false), "batch", 3);
        assertShape(a.max(0, false), 3, 4);
        assertShape(a.sum());
        assertShape(a.mean());
        refused(
                () -> a.sum(3, true),
                "ReduceSum of ['v0' FLOAT[batch, 3, 4], 'vector_4' INT64[1]]: axis 3 is outside rank 3");
    }

    @Test
    void normalisingOperatorsKeepTheShape() {
        Value a = value("batch", 3);
        assertShape(a.softmax(-1), "batch", 3);
        assertShape(a.logSoftmax(1), "batch", 3);
        assertShape(a.cumulativeSum(1), "batch", 3);
        refused(() -> a.softmax(2), "Softmax of ['v0' FLOAT[batch, 3]]: axis 2 is outside rank 2");
        Value i = ids(3);
        refused(() -> i.logSoftmax(0), "LogSoftmax of ['i1' INT64[3]]: operand 0 must be floating");
    }

    @Test
    void reshapingCountsElements() {
        Value a = value(2, 3, 4);
        assertShape(a.reshape(6, 4), 6, 4);
        assertShape(a.reshape(0, -1), 2, 12);
        assertShape(value("batch", 6).reshape(0, 2, 3), "batch", 2, 3);
        assertShape(value("batch", 6).reshape(-1), Dimension.UNKNOWN);
        assertShape(a.reshape(ids(2)), Dimension.UNKNOWN, Dimension.UNKNOWN);
        String of = "Reshape of ['v0' FLOAT[2, 3, 4], 'vector";
        refused(() -> a.reshape(5, -1), of + "_5' INT64[2]]: the sizes [5, -1] do not hold its elements");
        refused(() -> a.reshape(23), of + "_6' INT64[1]]: the sizes [23] do not hold its elements");
        refused(() -> a.reshape(-1, -1), of + "_7' INT64[2]]: the sizes [-1, -1] make no shape");
        refused(() -> a.reshape(2, 3, 4, 0), of + "_8' INT64[4]]: the sizes [2, 3, 4, 0] make no shape");
        Value sizes = ids("n");
        assertThatThrownBy(() -> a.reshape(sizes)).hasMessageEndingWith("needs a shape of known length");
    }

    @Test
    void axesAreMovedAddedAndRemoved() {
        Value a = value("batch", 3, 1);
        assertShape(a.transpose(2, 0, 1), 1, "batch", 3);
        assertShape(a.unsqueeze(0, -1), 1, "batch", 3, 1, 1);
        assertShape(a.squeeze(-1), "batch", 3);
        assertThatThrownBy(() -> a.transpose(0, 0, 1))
                .hasMessageEndingWith("[0, 0, 1] is not a permutation of its axes");
        assertThatThrownBy(() -> a.squeeze(1)).hasMessageEndingWith("axis 1 is not of size 1");
        assertThatThrownBy(() -> a.unsqueeze(0, 0)).hasMessageEndingWith("the axes [0, 0] are not distinct");
        assertThatThrownBy(() -> g.op("Squeeze", a)).hasMessageEndingWith("needs operand 1 to be constant");
    }

    @Test
    void partsAreCutAndJoined() {
        Value a = value("batch", 6);
        assertShape(a.slice(1, 1, 4), "batch", 3);
        assertShape(a.slice(1, -2, Long.MAX_VALUE), "batch", 2);
        assertShape(a.slice(1, 5, 2), "batch", 0);
        assertShape(a.slice(0, 0, 2), Dimension.UNKNOWN, 6);
        List<Value> parts = a.split(-1, 2, 4);
        assertShape(parts.get(0), "batch", 2);
        assertShape(parts.get(1), "batch", 4);
        assertShape(g.concat(1, parts), "batch", 6);
        assertShape(g.concat(0, a, value("other", 6)), Dimension.UNKNOWN, 6);
        refused(() -> a.split(1, 2, 3), "'v0' FLOAT[batch, 6] cannot be split into [2, 3] along axis 1");
        Value b = value(2, 5);
        assertThatThrownBy(() -> g.concat(0, a, b)).hasMessageEndingWith("the parts have different shapes");
        Value both = g.vector(0, 1);
        assertThatThrownBy(() -> g.op("Slice", a, both, both, both))
                .hasMessageEndingWith("takes one axis and no steps here");
    }

    @Test
    void elementsAreLookedUp() {
        Value table = value(100, 8);
        assertShape(table.gather(ids("batch", "sequence"), 0), "batch", "sequence", 8);
        assertShape(table.gather(ids(), 1), 100);
        assertShape(value("b", "s", 9).gatherElements(ids("b", "s", 1), 2), "b", "s", 1);
        assertShape(value("batch", "sequence", 8).atPosition(ids("batch", 1)), "batch", 8);
        Value real = value(2);
        assertThatThrownBy(() -> table.gather(real, 0)).hasMessageEndingWith("operand 1 must hold indices");
        Value deep = ids("batch", 3);
        assertThatThrownBy(() -> table.atPosition(deep))
                .hasMessageEndingWith("needs positions whose last dimension is known and at most the operand's rank");
    }

    @Test
    void shapesAreValues() {
        Value a = value("batch", 3);
        assertThat(a.shape().type()).isEqualTo(TensorType.of(ElementType.INT64, 2));
        assertThat(a.size(-1).type()).isEqualTo(TensorType.of(ElementType.INT64, 1));
        assertShape(value(1, 3).expand(g.vector(5, 3)), 5, 3);
        assertShape(value(3).expand(ids(2)), Dimension.UNKNOWN, Dimension.UNKNOWN);
        assertShape(
                g.op("ConstantOfShape", List.of(g.vector(2, 3)), Map.of("value", Attribute.of(Tensor.vector(7)))),
                2,
                3);
        Value zeros = g.op("ConstantOfShape", List.of(ids(1)), Map.of());
        assertThat(zeros.type()).isEqualTo(TensorType.of(ElementType.FLOAT, Dimension.UNKNOWN));
        assertShape(g.op("Range", g.scalar(0L), g.scalar(3L), g.scalar(1L)), Dimension.UNKNOWN);
    }

    @Test
    void stopGradientIsTheIdentityOfTypes() {
        Value a = value("batch", 3);
        assertThat(a.stopGradient().type()).isEqualTo(a.type());
        assertThat(a.silu().type()).isEqualTo(a.type());
        assertThat(a.logSigmoid().type()).isEqualTo(a.type());
        assertThat(a.clip(0, 1).type()).isEqualTo(a.type());
    }
}

package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.reference.Numbers;

/** Samples of integers that stand for numbers. */
final class QuantizedSamples {
    private QuantizedSamples() {}

    static void addTo(SampleList list) {
        conversions(list);
        products(list);
        convolutions(list);
    }

    private static Numbers bytes(SampleList list, int... shape) {
        return list.integers(0, 256, shape).withType(ElementType.UINT8);
    }

    private static Numbers signed(SampleList list, int... shape) {
        return list.integers(-128, 128, shape).withType(ElementType.INT8);
    }

    private static Numbers zero(long value) {
        return Numbers.scalar(value).withType(ElementType.UINT8);
    }

    private static Numbers signedZero(long value) {
        return Numbers.scalar(value).withType(ElementType.INT8);
    }

    private static Numbers scale(double value) {
        return Numbers.scalar((double) (float) value);
    }

    private static void conversions(SampleList list) {
        Numbers x = list.uniform(-3, 3, 3, 4);
        list.op("QuantizeLinear")
                .input(x)
                .constant(scale(0.02))
                .constant(zero(120))
                .label("bytes, saturated");
        list.op("QuantizeLinear")
                .input(x)
                .constant(scale(0.03))
                .constant(signedZero(3))
                .label("signed");
        list.op("QuantizeLinear")
                .input(x)
                .constant(list.uniform(0.02, 0.05, 3))
                .constant(signed(list, 3))
                .set("axis", 0)
                .label("one scale for each row");
        list.op("QuantizeLinear")
                .input(x)
                .constant(list.uniform(0.02, 0.05, 3, 2))
                .constant(signed(list, 3, 2))
                .set("axis", 1)
                .set("block_size", 2)
                .label("blocks");
        list.op("QuantizeLinear")
                .input(x)
                .constant(scale(0.03))
                .set("output_dtype", ElementType.INT8.onnxCode())
                .label("given type");
        list.op("QuantizeLinear")
                .input(x)
                .constant(scale(0.03))
                .set("saturate", 1)
                .set("precision", 1)
                .label("stated defaults");
        list.op("DequantizeLinear")
                .input(bytes(list, 3))
                .constant(scale(0.02))
                .set("output_dtype", 1)
                .label("given type");
        list.op("DequantizeLinear")
                .input(bytes(list, 3, 4))
                .constant(scale(0.02))
                .constant(zero(120))
                .label("bytes");
        list.op("DequantizeLinear")
                .input(signed(list, 3, 4))
                .constant(scale(0.02))
                .label("no zero");
        list.op("DequantizeLinear")
                .input(signed(list, 3, 4))
                .constant(list.uniform(0.02, 0.05, 4))
                .constant(signed(list, 4))
                .set("axis", -1)
                .label("one scale for each column");
        list.op("DequantizeLinear")
                .input(signed(list, 4, 3))
                .constant(list.uniform(0.02, 0.05, 2, 3))
                .set("axis", 0)
                .set("block_size", 2)
                .label("blocks");
        list.op("DynamicQuantizeLinear").input(x).results(3).label("around zero");
        list.op("DynamicQuantizeLinear").input(list.uniform(1, 4, 6)).results(3).label("positive");
    }

    private static void products(SampleList list) {
        list.op("MatMulInteger")
                .input(bytes(list, 2, 3))
                .input(bytes(list, 3, 4))
                .constant(zero(12))
                .constant(zero(130))
                .label("bytes");
        list.op("MatMulInteger")
                .input(bytes(list, 2, 3))
                .input(signed(list, 3, 4))
                .label("no zeros");
        list.op("QLinearMatMul")
                .input(bytes(list, 2, 3))
                .constant(scale(0.02))
                .constant(zero(120))
                .input(bytes(list, 3, 4))
                .constant(scale(0.03))
                .constant(zero(130))
                .constant(scale(0.11))
                .constant(zero(128))
                .label("bytes");
        list.microsoft("MatMulIntegerToFloat")
                .input(bytes(list, 2, 3))
                .input(signed(list, 3, 4))
                .constant(scale(0.02))
                .constant(scale(0.03))
                .constant(zero(120))
                .constant(signedZero(5))
                .constant(list.numbers(4))
                .label("bias");
        list.microsoft("DynamicQuantizeMatMul")
                .input(list.numbers(2, 3))
                .constant(signed(list, 3, 4))
                .constant(scale(0.03))
                .constant(signedZero(5))
                .constant(list.numbers(4))
                .label("bias");
        list.microsoft("MatMulNBits")
                .input(list.numbers(2, 32))
                .constant(bytes(list, 3, 2, 8))
                .constant(list.uniform(0.02, 0.05, 6))
                .set("K", 32)
                .set("N", 3)
                .set("bits", 4)
                .set("block_size", 16)
                .set("accuracy_level", 1)
                .label("blocks of sixteen");
    }

    private static SampleList.Draft everyAttribute(SampleList.Draft draft) {
        return draft.set("pads", Attribute.ofInts(1, 0, 0, 1))
                .set("strides", Attribute.ofInts(2, 1))
                .set("dilations", Attribute.ofInts(1, 2))
                .set("kernel_shape", Attribute.ofInts(2, 2))
                .set("group", 2);
    }

    private static void convolutions(SampleList list) {
        everyAttribute(list.op("ConvInteger")
                        .input(bytes(list, 1, 4, 5, 5))
                        .input(bytes(list, 2, 2, 2, 2))
                        .constant(zero(100))
                        .constant(zero(120)))
                .label("every attribute");
        everyAttribute(list.op("QLinearConv")
                        .input(bytes(list, 1, 4, 5, 5))
                        .constant(scale(0.02))
                        .constant(zero(120))
                        .constant(bytes(list, 2, 2, 2, 2))
                        .constant(scale(0.03))
                        .constant(zero(130))
                        .constant(scale(0.13))
                        .constant(zero(128)))
                .label("every attribute");
        list.op("ConvInteger")
                .input(bytes(list, 1, 1, 4, 4))
                .input(bytes(list, 1, 1, 2, 2))
                .set("auto_pad", "SAME_UPPER")
                .label("padded above");
        list.op("QLinearConv")
                .input(bytes(list, 1, 1, 4, 4))
                .constant(scale(0.02))
                .constant(zero(120))
                .constant(bytes(list, 1, 1, 2, 2))
                .constant(scale(0.03))
                .constant(zero(130))
                .constant(scale(0.13))
                .constant(zero(128))
                .set("auto_pad", "SAME_UPPER")
                .label("padded above");
        list.op("ConvInteger")
                .input(bytes(list, 1, 2, 4, 4))
                .input(bytes(list, 3, 2, 2, 2))
                .constant(zero(100))
                .constant(zero(120))
                .set("pads", Attribute.ofInts(1, 0, 0, 1))
                .label("padded");
        list.op("QLinearConv")
                .input(bytes(list, 1, 2, 4, 4))
                .constant(scale(0.02))
                .constant(zero(120))
                .constant(bytes(list, 3, 2, 2, 2))
                .constant(scale(0.03))
                .constant(zero(130))
                .constant(scale(0.13))
                .constant(zero(128))
                .label("one scale");
        list.op("QLinearConv")
                .input(bytes(list, 1, 2, 4, 4))
                .constant(scale(0.02))
                .constant(zero(120))
                .constant(signed(list, 3, 2, 2, 2))
                .constant(list.uniform(0.02, 0.05, 3))
                .constant(Numbers.vector(0, 0, 0).withType(ElementType.INT8))
                .constant(scale(0.13))
                .constant(zero(128))
                .constant(list.integers(-500, 500, 3).withType(ElementType.INT32))
                .label("scale for each channel, bias");
    }
}

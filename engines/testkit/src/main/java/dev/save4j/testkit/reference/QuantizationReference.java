package dev.save4j.testkit.reference;

import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;

/** Integers that stand for numbers by a scale and a zero. */
final class QuantizationReference {
    private QuantizationReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of(
                        "QuantizeLinear",
                        QuantizationReference::quantize,
                        "axis",
                        "block_size",
                        "output_dtype",
                        "precision",
                        "saturate"),
                ReferenceOperator.of(
                        "DequantizeLinear", QuantizationReference::dequantize, "axis", "block_size", "output_dtype"),
                ReferenceOperator.several("DynamicQuantizeLinear", in -> dynamic(in.get(0))),
                ReferenceOperator.of("MatMulInteger", QuantizationReference::ofIntegers),
                ReferenceOperator.of("QLinearMatMul", QuantizationReference::quantizedProduct),
                ReferenceOperator.microsoft("MatMulIntegerToFloat", QuantizationReference::integersToFloat),
                ReferenceOperator.microsoft("DynamicQuantizeMatMul", QuantizationReference::dynamicProduct),
                ReferenceOperator.microsoft(
                        "MatMulNBits",
                        QuantizationReference::packedProduct,
                        "K",
                        "N",
                        "accuracy_level",
                        "bits",
                        "block_size"));
    }

    /** Rounded to even, moved by the zero and kept in the range of the type. */
    static Numbers saturated(Numbers x, double zero, ElementType type) {
        return x.map(v -> clamp(Math.rint(v) + zero, type)).withType(type);
    }

    private static double clamp(double value, ElementType type) {
        return switch (type) {
            case UINT8 -> Math.max(0, Math.min(255, value));
            case INT8 -> Math.max(-128, Math.min(127, value));
            case UINT16 -> Math.max(0, Math.min(65535, value));
            case INT16 -> Math.max(-32768, Math.min(32767, value));
            default -> value;
        };
    }

    /** Scales or zeros for every element of {@code x}: one, one for each index along an axis, or one for each block along it. */
    private static Numbers spread(Operands in, Numbers x, Numbers given) {
        if (given.size() == 1) {
            return given.withShape().broadcastTo(x.shape());
        }
        int axis = in.axis(1);
        int block = in.integer("block_size", 0);
        if (block == 0) {
            int[] shape = Window.ones(x.rank());
            shape[axis] = given.size();
            return given.withShape(shape).broadcastTo(x.shape());
        }
        double[] values = new double[x.size()];
        int[] index = new int[x.rank()];
        for (int i = 0; i < values.length; i++) {
            int[] source = index.clone();
            source[axis] /= block;
            values[i] = given.at(source);
            Numbers.next(index, x.shape());
        }
        return new Numbers(given.type(), x.shape(), values);
    }

    private static Numbers quantize(Operands in) {
        Numbers x = in.get(0);
        ElementType type = in.has(2)
                ? in.get(2).type()
                : in.node().has("output_dtype")
                        ? ElementType.ofOnnxCode(in.integer("output_dtype", 0))
                        : ElementType.UINT8;
        Numbers rounded = x.with(spread(in, x, in.get(1)), (v, scale) -> Math.rint(v / scale));
        Numbers moved = in.has(2) ? rounded.with(spread(in, x, in.get(2)), Double::sum) : rounded;
        return moved.map(v -> clamp(v, type)).withType(type);
    }

    private static Numbers dequantize(Operands in) {
        Numbers x = in.get(0);
        Numbers moved = in.has(2) ? x.with(spread(in, x, in.get(2)), (v, zero) -> v - zero) : x;
        return moved.with(spread(in, x, in.get(1)), (v, scale) -> v * scale)
                .withType(in.get(1).type());
    }

    /** Unsigned bytes over the range of the numbers and zero; then the scale and the zero. */
    private static List<Numbers> dynamic(Numbers x) {
        double low = Math.min(0, Arrays.stream(x.values()).min().orElse(0));
        double high = Math.max(0, Arrays.stream(x.values()).max().orElse(0));
        double scale = (high - low) / 255;
        double zero = clamp(Math.rint(-low / scale), ElementType.UINT8);
        return List.of(
                saturated(x.map(v -> v / scale), zero, ElementType.UINT8),
                Numbers.scalar(scale),
                Numbers.scalar(zero).withType(ElementType.UINT8));
    }

    private static Numbers minus(Numbers x, Operands in, int zero) {
        return in.has(zero) ? x.with(in.get(zero), (v, z) -> v - z) : x;
    }

    private static Numbers ofIntegers(Operands in) {
        return ProductReference.matmul(minus(in.get(0), in, 2), minus(in.get(1), in, 3))
                .withType(ElementType.INT32);
    }

    private static Numbers quantizedProduct(Operands in) {
        Numbers product = ProductReference.matmul(minus(in.get(0), in, 2), minus(in.get(3), in, 5));
        double scale = in.get(1).item() * in.get(4).item() / in.get(6).item();
        return saturated(
                product.map(v -> v * scale), in.get(7).item(), in.get(7).type());
    }

    private static Numbers scaled(Numbers product, Numbers left, Numbers right) {
        return product.withType(ElementType.FLOAT).with(left, (v, s) -> v * s).with(right, (v, s) -> v * s);
    }

    private static List<Numbers> integersToFloat(Operands in) {
        Numbers product = ProductReference.matmul(minus(in.get(0), in, 4), minus(in.get(1), in, 5));
        Numbers result = scaled(product, in.get(2), in.get(3));
        return List.of(in.has(6) ? result.with(in.get(6), Double::sum) : result);
    }

    private static List<Numbers> dynamicProduct(Operands in) {
        List<Numbers> left = dynamic(in.get(0));
        double zero = left.get(2).item();
        Numbers product = ProductReference.matmul(left.get(0).map(v -> v - zero), minus(in.get(1), in, 3));
        Numbers result = scaled(product, left.get(1), in.get(2));
        return List.of(in.has(4) ? result.with(in.get(4), Double::sum) : result);
    }

    /** The right matrix is {@code [N, blocks, bytes]} of packed integers, the lower half of a byte first. */
    private static List<Numbers> packedProduct(Operands in) {
        int k = in.integer("K", 0);
        int n = in.integer("N", 0);
        int bits = in.integer("bits", 4);
        int block = in.integer("block_size", 32);
        if (bits != 4) {
            throw in.unsupported("packing by " + bits + " bits");
        }
        int blocks = (k + block - 1) / block;
        double[] right = new double[k * n];
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < k; row++) {
                int at = column * blocks + row / block;
                int within = row % block;
                int packed = (int) in.get(1).values()[at * (block / 2) + within / 2];
                int value = within % 2 == 0 ? packed & 15 : packed >> 4;
                right[row * n + column] = (value - 8) * in.get(2).values()[at];
            }
        }
        return List.of(ProductReference.matmul(in.get(0), Numbers.of(right, k, n)));
    }
}

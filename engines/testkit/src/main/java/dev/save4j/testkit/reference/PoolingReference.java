package dev.save4j.testkit.reference;

import dev.save4j.tensor.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Averages and maxima over sliding windows and over whole images. */
final class PoolingReference {
    private PoolingReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of(
                        "AveragePool",
                        PoolingReference::average,
                        "auto_pad",
                        "ceil_mode",
                        "count_include_pad",
                        "dilations",
                        "kernel_shape",
                        "pads",
                        "strides"),
                ReferenceOperator.several(
                        "MaxPool",
                        PoolingReference::largest,
                        "auto_pad",
                        "ceil_mode",
                        "dilations",
                        "kernel_shape",
                        "pads",
                        "storage_order",
                        "strides"),
                global(
                        "GlobalAveragePool",
                        group -> Arrays.stream(group).average().orElse(0)),
                global("GlobalMaxPool", group -> Arrays.stream(group).max().orElse(0)),
                ReferenceOperator.of(
                        "GlobalLpPool",
                        in -> {
                            double p = in.integer("p", 2);
                            return overImage(
                                    in.get(0),
                                    group -> Math.pow(
                                            Arrays.stream(group)
                                                    .map(x -> Math.pow(Math.abs(x), p))
                                                    .sum(),
                                            1 / p));
                        },
                        "p"));
    }

    private static ReferenceOperator global(String operator, ToDoubleFunction<double[]> function) {
        return ReferenceOperator.of(operator, in -> overImage(in.get(0), function));
    }

    private static Numbers overImage(Numbers x, ToDoubleFunction<double[]> function) {
        return ReductionReference.reduce(x, IntStream.range(2, x.rank()).toArray(), true, function);
    }

    private static Numbers average(Operands in) {
        Numbers x = in.get(0);
        int[] input = Window.spatial(x);
        Window window = Window.of(in, input, in.integers("kernel_shape"));
        boolean padding = in.flag("count_include_pad", false);
        int places = Numbers.size(window.result());
        int[] shape = ProductReference.append(Arrays.copyOf(x.shape(), 2), window.result());
        double[] values = new double[Numbers.size(shape)];
        int[] position = new int[input.length];
        for (int i = 0; i < values.length; i++) {
            int[] element = new int[input.length];
            double sum = 0;
            int count = 0;
            for (int tap = 0; tap < Numbers.size(window.kernel()); tap++) {
                int[] at = window.at(position, element);
                boolean inside = Window.inside(at, input);
                sum += inside ? x.values()[i / places * Numbers.size(input) + Window.flat(at, input)] : 0;
                count += inside || padding ? 1 : 0;
                Numbers.next(element, window.kernel());
            }
            values[i] = sum / count;
            Numbers.next(position, window.result());
        }
        return new Numbers(x.type(), shape, values);
    }

    private static List<Numbers> largest(Operands in) {
        Numbers x = in.get(0);
        int[] input = Window.spatial(x);
        Window window = Window.of(in, input, in.integers("kernel_shape"));
        boolean columns = in.flag("storage_order", false);
        int places = Numbers.size(window.result());
        int[] shape = ProductReference.append(Arrays.copyOf(x.shape(), 2), window.result());
        double[] values = new double[Numbers.size(shape)];
        double[] indices = new double[values.length];
        int[] position = new int[input.length];
        for (int i = 0; i < values.length; i++) {
            int[] element = new int[input.length];
            values[i] = Double.NEGATIVE_INFINITY;
            int image = i / places * Numbers.size(input);
            for (int tap = 0; tap < Numbers.size(window.kernel()); tap++) {
                int[] at = window.at(position, element);
                if (Window.inside(at, input)) {
                    double value = x.values()[image + Window.flat(at, input)];
                    if (value > values[i]) {
                        values[i] = value;
                        indices[i] = image + (columns ? flatByColumns(at, input) : Window.flat(at, input));
                    }
                }
                Numbers.next(element, window.kernel());
            }
            Numbers.next(position, window.result());
        }
        return List.of(new Numbers(x.type(), shape, values), new Numbers(ElementType.INT64, shape, indices));
    }

    private static int flatByColumns(int[] at, int[] shape) {
        int flat = 0;
        for (int axis = at.length - 1; axis >= 0; axis--) {
            flat = flat * shape[axis] + at[axis];
        }
        return flat;
    }
}

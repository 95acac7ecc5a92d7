package dev.save4j.testkit.reference;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Images of another size, or read at other places. */
final class ResamplingReference {
    private ResamplingReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of(
                        "Resize",
                        ResamplingReference::resize,
                        "axes",
                        "coordinate_transformation_mode",
                        "cubic_coeff_a",
                        "exclude_outside",
                        "keep_aspect_ratio_policy",
                        "mode",
                        "nearest_mode"),
                ReferenceOperator.of(
                        "GridSample", ResamplingReference::sample, "align_corners", "mode", "padding_mode"));
    }

    /** One axis after the other, by a matrix of weights for each. */
    private static Numbers resize(Operands in) {
        Numbers x = in.get(0);
        int[] axes = in.integers("axes", IntStream.range(0, x.rank()).toArray());
        double common = common(in, axes);
        for (int i = 0; i < axes.length; i++) {
            int axis = x.axis(axes[i]);
            int from = x.shape()[axis];
            int to = in.has(3)
                    ? (int) in.longs(3)[i]
                    : (int) Math.floor(from * in.get(2).values()[i]);
            double scale = in.has(3) ? (double) to / from : in.get(2).values()[i];
            if (common > 0) {
                scale = common;
                to = (int) Math.floor(common * from + 0.5);
            }
            if (from != to || scale != 1) {
                double[][] weights = new double[to][];
                for (int place = 0; place < to; place++) {
                    weights[place] = weights(in, place(in, place, scale, from, to), from);
                }
                x = weighted(x, axis, weights);
            }
        }
        return x;
    }

    /** The scale of all axes when their proportions are kept, or 0. */
    private static double common(Operands in, int[] axes) {
        String policy = in.node().text("keep_aspect_ratio_policy", "stretch");
        if (policy.equals("stretch")) {
            return 0;
        }
        double[] scales = IntStream.range(0, axes.length)
                .mapToDouble(
                        i -> in.get(3).values()[i] / in.get(0).shape()[in.get(0).axis(axes[i])])
                .toArray();
        return policy.equals("not_larger")
                ? Arrays.stream(scales).min().orElseThrow()
                : Arrays.stream(scales).max().orElseThrow();
    }

    private static Numbers weighted(Numbers x, int axis, double[][] weights) {
        int[] shape = x.shape().clone();
        shape[axis] = weights.length;
        double[] values = new double[Numbers.size(shape)];
        int[] index = new int[shape.length];
        for (int i = 0; i < values.length; i++) {
            for (int source = 0; source < x.shape()[axis]; source++) {
                double weight = weights[index[axis]][source];
                if (weight != 0) {
                    int[] at = index.clone();
                    at[axis] = source;
                    values[i] += weight * x.at(at);
                }
            }
            Numbers.next(index, shape);
        }
        return new Numbers(x.type(), shape, values);
    }

    /** Where a position of the result lies in the source. */
    private static double place(Operands in, int i, double scale, int from, int to) {
        return switch (in.node().text("coordinate_transformation_mode", "half_pixel")) {
            case "asymmetric" -> i / scale;
            case "align_corners" -> to == 1 ? 0 : i * (from - 1.0) / (to - 1);
            case "pytorch_half_pixel" -> to == 1 ? 0 : (i + 0.5) / scale - 0.5;
            case "half_pixel" -> (i + 0.5) / scale - 0.5;
            default -> throw in.unsupported("this coordinate_transformation_mode");
        };
    }

    private static double[] weights(Operands in, double place, int size) {
        double[] weights = new double[size];
        switch (in.node().text("mode", "nearest")) {
            case "nearest" -> weights[clamp(nearest(in, place), size)] = 1;
            case "linear" -> {
                double inside = Math.max(0, Math.min(size - 1, place));
                int low = (int) Math.floor(inside);
                weights[low] += 1 - (inside - low);
                weights[clamp(low + 1, size)] += inside - low;
            }
            case "cubic" -> {
                double sum = 0;
                int low = (int) Math.floor(place);
                for (int tap = low - 1; tap <= low + 2; tap++) {
                    boolean counts = !in.flag("exclude_outside", false) || tap >= 0 && tap < size;
                    double weight =
                            counts ? cubic(Math.abs(place - tap), in.node().real("cubic_coeff_a", -0.75f)) : 0;
                    weights[clamp(tap, size)] += weight;
                    sum += weight;
                }
                for (int i = 0; i < size; i++) {
                    weights[i] /= sum;
                }
            }
            default -> throw in.unsupported("this mode");
        }
        return weights;
    }

    private static int clamp(int at, int size) {
        return Math.max(0, Math.min(size - 1, at));
    }

    private static int nearest(Operands in, double place) {
        return (int)
                switch (in.node().text("nearest_mode", "round_prefer_floor")) {
                    case "floor" -> Math.floor(place);
                    case "ceil" -> Math.ceil(place);
                    case "round_prefer_ceil" -> Math.floor(place + 0.5);
                    default -> Math.ceil(place - 0.5);
                };
    }

    private static double cubic(double distance, double a) {
        double d = distance;
        if (d <= 1) {
            return ((a + 2) * d - (a + 3)) * d * d + 1;
        }
        return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
    }

    /** An image {@code [batch, channels, height, width]} at places {@code [batch, rows, columns, 2]}, each x then y between -1 and 1. */
    private static Numbers sample(Operands in) {
        Numbers x = in.get(0);
        Numbers grid = in.get(1);
        int[] shape = {x.shape()[0], x.shape()[1], grid.shape()[1], grid.shape()[2]};
        double[] values = new double[Numbers.size(shape)];
        int[] index = new int[4];
        for (int i = 0; i < values.length; i++) {
            double column = pixel(in, grid.at(index[0], index[2], index[3], 0), x.shape()[3]);
            double row = pixel(in, grid.at(index[0], index[2], index[3], 1), x.shape()[2]);
            if (in.node().text("mode", "linear").equals("nearest")) {
                values[i] = read(in, x, index, (int) Math.rint(row), (int) Math.rint(column));
            } else {
                int top = (int) Math.floor(row);
                int left = (int) Math.floor(column);
                for (int corner : IntStream.range(0, 4).toArray()) {
                    int down = corner / 2;
                    int right = corner % 2;
                    double weight =
                            (down == 1 ? row - top : 1 - row + top) * (right == 1 ? column - left : 1 - column + left);
                    values[i] += weight * read(in, x, index, top + down, left + right);
                }
            }
            Numbers.next(index, shape);
        }
        return new Numbers(x.type(), shape, values);
    }

    private static double pixel(Operands in, double place, int size) {
        boolean corners = in.flag("align_corners", false);
        double at = corners ? (place + 1) / 2 * (size - 1) : ((place + 1) * size - 1) / 2;
        return switch (in.node().text("padding_mode", "zeros")) {
            case "border" -> Math.max(0, Math.min(size - 1, at));
            case "reflection" -> corners ? reflected(at, 0, size - 1) : reflected(at, -0.5, size - 0.5);
            default -> at;
        };
    }

    private static double reflected(double at, double low, double high) {
        double range = high - low;
        double distance = Math.abs(at - low) % (2 * range);
        return low + (distance > range ? 2 * range - distance : distance);
    }

    private static double read(Operands in, Numbers x, int[] index, int row, int column) {
        boolean zeros = in.node().text("padding_mode", "zeros").equals("zeros");
        boolean outside = row < 0 || row >= x.shape()[2] || column < 0 || column >= x.shape()[3];
        return zeros && outside ? 0 : x.at(index[0], index[1], clamp(row, x.shape()[2]), clamp(column, x.shape()[3]));
    }
}

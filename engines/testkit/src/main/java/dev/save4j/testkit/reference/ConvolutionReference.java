package dev.save4j.testkit.reference;

import dev.save4j.tensor.ElementType;
import java.util.List;
import java.util.Optional;

/** Convolutions over any number of spatial axes. */
final class ConvolutionReference {
    private static final String[] ATTRIBUTES = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};

    private ConvolutionReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.of("Conv", in -> convolve(in, in.get(0), in.get(1), in.optional(2)), ATTRIBUTES),
                ReferenceOperator.of("ConvInteger", ConvolutionReference::ofIntegers, ATTRIBUTES),
                ReferenceOperator.of("QLinearConv", ConvolutionReference::quantized, ATTRIBUTES),
                ReferenceOperator.of(
                        "ConvTranspose",
                        ConvolutionReference::transposed,
                        "auto_pad",
                        "dilations",
                        "group",
                        "kernel_shape",
                        "output_padding",
                        "output_shape",
                        "pads",
                        "strides"));
    }

    private static Numbers convolve(Operands in, Numbers x, Numbers w, Optional<Numbers> bias) {
        int[] input = Window.spatial(x);
        Window window = Window.of(in, input, Window.spatial(w));
        int group = in.integer("group", 1);
        int channels = x.shape()[1];
        int results = w.shape()[0];
        int[] shape = ProductReference.append(new int[] {x.shape()[0], results}, window.result());
        double[] values = new double[Numbers.size(shape)];
        int places = Numbers.size(window.result());
        int taps = Numbers.size(window.kernel());
        int[] position = new int[input.length];
        for (int i = 0; i < values.length; i++) {
            int result = i / places % results;
            int first = result / (results / group) * (channels / group);
            values[i] = bias.map(b -> b.values()[result]).orElse(0.0);
            int[] element = new int[input.length];
            for (int tap = 0; tap < taps; tap++) {
                int[] at = window.at(position, element);
                if (Window.inside(at, input)) {
                    for (int c = 0; c < channels / group; c++) {
                        int from = (i / places / results * channels + first + c) * Numbers.size(input);
                        values[i] += x.values()[from + Window.flat(at, input)]
                                * w.values()[(result * (channels / group) + c) * taps + tap];
                    }
                }
                Numbers.next(element, window.kernel());
            }
            Numbers.next(position, window.result());
        }
        return new Numbers(x.type(), shape, values);
    }

    private static Numbers transposed(Operands in) {
        Numbers x = in.get(0);
        Numbers w = in.get(1);
        int[] input = Window.spatial(x);
        int rank = input.length;
        int group = in.integer("group", 1);
        int channels = x.shape()[1];
        int perGroup = w.shape()[1];
        int[] kernel = Window.spatial(w);
        int[] strides = in.integers("strides", Window.ones(rank));
        int[] dilations = in.integers("dilations", Window.ones(rank));
        int[] pads = in.integers("pads", new int[2 * rank]);
        int[] extra = in.integers("output_padding", new int[rank]);
        int[] wanted = in.integers("output_shape");
        String automatic = in.node().text("auto_pad", "NOTSET");
        boolean upper = automatic.equals("SAME_UPPER");
        int[] before = new int[rank];
        int[] result = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            int full = strides[axis] * (input[axis] - 1) + extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
            if (wanted.length > 0 || automatic.startsWith("SAME")) {
                result[axis] = wanted.length > 0 ? wanted[axis] : input[axis] * strides[axis];
                int total = full - result[axis];
                before[axis] = upper ? total / 2 : total - total / 2;
            } else {
                before[axis] = pads[axis];
                result[axis] = full - pads[axis] - pads[axis + rank];
            }
        }
        int results = perGroup * group;
        int[] shape = ProductReference.append(new int[] {x.shape()[0], results}, result);
        double[] values = new double[Numbers.size(shape)];
        if (in.has(2)) {
            for (int i = 0; i < values.length; i++) {
                values[i] = in.get(2).values()[i / Numbers.size(result) % results];
            }
        }
        Window window = new Window(kernel, strides, dilations, before, input);
        int[] position = new int[rank];
        for (int i = 0; i < x.size(); i++) {
            int channel = i / Numbers.size(input) % channels;
            int batch = i / Numbers.size(input) / channels;
            int[] element = new int[rank];
            for (int tap = 0; tap < Numbers.size(kernel); tap++) {
                int[] at = window.at(position, element);
                for (int m = 0; m < perGroup && Window.inside(at, result); m++) {
                    int out = channel / (channels / group) * perGroup + m;
                    values[(batch * results + out) * Numbers.size(result) + Window.flat(at, result)] +=
                            x.values()[i] * w.values()[(channel * perGroup + m) * Numbers.size(kernel) + tap];
                }
                Numbers.next(element, kernel);
            }
            Numbers.next(position, input);
        }
        return new Numbers(x.type(), shape, values);
    }

    private static Numbers ofIntegers(Operands in) {
        Numbers x = in.has(2) ? in.get(0).with(in.get(2), (a, zero) -> a - zero) : in.get(0);
        Numbers w = in.has(3) ? in.get(1).with(in.get(3), (a, zero) -> a - zero) : in.get(1);
        return convolve(in, x, w, Optional.empty()).withType(ElementType.INT32);
    }

    /** Operands: x, its scale and zero, w, its scale (one, or one for each result) and zero, scale and zero of the result, bias. */
    private static Numbers quantized(Operands in) {
        Numbers x = in.get(0).with(in.get(2), (a, zero) -> a - zero);
        int[] perResult = Window.ones(in.get(3).rank());
        perResult[0] = in.get(5).size();
        Numbers w = in.get(3).with(in.get(5).withShape(perResult), (a, zero) -> a - zero);
        Numbers sums = convolve(in, x, w, in.optional(8));
        int[] channel = Window.ones(sums.rank());
        channel[1] = in.get(4).size();
        double scale = in.get(1).item() / in.get(6).item();
        Numbers scaled = sums.with(in.get(4).withShape(channel), (a, b) -> a * b * scale);
        return QuantizationReference.saturated(
                scaled, in.get(7).item(), in.get(7).type());
    }
}

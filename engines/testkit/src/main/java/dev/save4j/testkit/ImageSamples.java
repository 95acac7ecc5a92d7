package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of convolutions, poolings and resampling. */
final class ImageSamples {
    private ImageSamples() {}

    static void addTo(SampleList list) {
        convolutions(list);
        transposed(list);
        pools(list);
        sizes(list);
        grids(list);
    }

    private static void convolutions(SampleList list) {
        Numbers image = list.numbers(2, 4, 5, 6);
        list.op("Conv").data(image).data(list.numbers(3, 4, 2, 3)).label("no bias");
        list.op("Conv")
                .data(image)
                .data(list.numbers(4, 2, 3, 2))
                .data(list.numbers(4))
                .set("group", 2)
                .set("kernel_shape", Attribute.ofInts(3, 2))
                .set("pads", Attribute.ofInts(1, 0, 2, 1))
                .set("strides", Attribute.ofInts(2, 1))
                .set("dilations", Attribute.ofInts(1, 2))
                .label("every attribute");
        list.op("Conv")
                .data(list.numbers(1, 2, 7))
                .data(list.numbers(2, 2, 2))
                .set("auto_pad", "SAME_UPPER")
                .set("strides", Attribute.ofInts(2))
                .label("one axis, padded above");
        list.op("Conv")
                .data(list.numbers(1, 2, 7))
                .data(list.numbers(2, 2, 4))
                .set("auto_pad", "SAME_LOWER")
                .label("one axis, padded below");
    }

    private static void transposed(SampleList list) {
        list.op("ConvTranspose")
                .data(list.numbers(2, 3, 3, 4))
                .data(list.numbers(3, 2, 2, 3))
                .label("no bias");
        list.op("ConvTranspose")
                .data(list.numbers(1, 4, 3, 4))
                .data(list.numbers(4, 2, 3, 2))
                .data(list.numbers(4))
                .set("group", 2)
                .set("kernel_shape", Attribute.ofInts(3, 2))
                .set("pads", Attribute.ofInts(1, 0, 1, 1))
                .set("strides", Attribute.ofInts(2, 3))
                .set("dilations", Attribute.ofInts(2, 1))
                .set("output_padding", Attribute.ofInts(1, 2))
                .label("every attribute");
        for (String padded : List.of("SAME_UPPER", "SAME_LOWER")) {
            list.op("ConvTranspose")
                    .data(list.numbers(1, 2, 4))
                    .data(list.numbers(2, 2, 3))
                    .set("strides", Attribute.ofInts(2))
                    .set("auto_pad", padded)
                    .label(padded);
        }
        list.op("ConvTranspose")
                .data(list.numbers(1, 1, 3))
                .data(list.numbers(1, 1, 4))
                .set("strides", Attribute.ofInts(2))
                .set("output_shape", Attribute.ofInts(6))
                .label("given size");
    }

    private static void pools(SampleList list) {
        Numbers image = list.distinct(2, 2, 5, 6);
        for (String operator : List.of("AveragePool", "MaxPool")) {
            list.op(operator)
                    .data(image)
                    .set("kernel_shape", Attribute.ofInts(2, 3))
                    .label("default");
            list.op(operator)
                    .data(image)
                    .set("kernel_shape", Attribute.ofInts(2, 3))
                    .set("pads", Attribute.ofInts(1, 0, 0, 1))
                    .set("strides", Attribute.ofInts(2, 2))
                    .set("dilations", Attribute.ofInts(1, 2))
                    .label("padded, dilated");
            list.op(operator)
                    .data(image)
                    .set("kernel_shape", Attribute.ofInts(2, 2))
                    .set("strides", Attribute.ofInts(2, 2))
                    .set("ceil_mode", 1)
                    .label("rounded up");
            list.op(operator)
                    .data(image)
                    .set("kernel_shape", Attribute.ofInts(3, 2))
                    .set("auto_pad", "SAME_UPPER")
                    .label("padded above");
        }
        list.op("AveragePool")
                .data(image)
                .set("kernel_shape", Attribute.ofInts(2, 3))
                .set("pads", Attribute.ofInts(1, 1, 1, 1))
                .set("count_include_pad", 1)
                .label("padding counts");
        for (int order = 0; order < 2; order++) {
            list.op("MaxPool")
                    .data(image)
                    .set("kernel_shape", Attribute.ofInts(2, 2))
                    .set("storage_order", order)
                    .results(2)
                    .label("with indices, order " + order);
        }
        for (String operator : List.of("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")) {
            list.op(operator).data(image).label("image");
        }
        list.op("GlobalLpPool").data(image).set("p", 1).label("first norm");
    }

    private static void sizes(SampleList list) {
        Numbers image = list.numbers(1, 2, 3, 4);
        Numbers larger = Numbers.of(new double[] {1, 1, 2, 1.5}, 4);
        for (String mode : List.of("nearest", "linear", "cubic")) {
            list.op("Resize")
                    .data(image)
                    .absent()
                    .constant(larger)
                    .set("mode", mode)
                    .label(mode + " by scales");
            list.op("Resize")
                    .data(image)
                    .absent()
                    .absent()
                    .constant(Numbers.vector(1, 2, 5, 3))
                    .set("mode", mode)
                    .label(mode + " by sizes");
            for (String place : List.of("asymmetric", "align_corners", "pytorch_half_pixel")) {
                list.op("Resize")
                        .data(image)
                        .absent()
                        .constant(larger)
                        .set("mode", mode)
                        .set("coordinate_transformation_mode", place)
                        .label(mode + ", " + place);
            }
        }
        for (String nearest : List.of("floor", "ceil", "round_prefer_ceil", "round_prefer_floor")) {
            list.op("Resize")
                    .data(image)
                    .absent()
                    .constant(larger)
                    .set("coordinate_transformation_mode", "asymmetric")
                    .set("nearest_mode", nearest)
                    .label("nearest, " + nearest);
        }
        list.op("Resize")
                .data(image)
                .absent()
                .constant(Numbers.of(new double[] {1.5, 2}, 2))
                .set("mode", "linear")
                .set("axes", Attribute.ofInts(3, 2))
                .label("two axes");
        for (String policy : List.of("not_larger", "not_smaller")) {
            list.op("Resize")
                    .data(image)
                    .absent()
                    .absent()
                    .constant(Numbers.vector(5, 9))
                    .set("mode", "linear")
                    .set("axes", Attribute.ofInts(2, 3))
                    .set("keep_aspect_ratio_policy", policy)
                    .label(policy);
        }
        list.op("Resize")
                .data(image)
                .absent()
                .constant(larger)
                .set("mode", "cubic")
                .set("cubic_coeff_a", -0.5f)
                .set("exclude_outside", 1)
                .label("cubic, nothing outside");
    }

    private static void grids(SampleList list) {
        Numbers image = list.numbers(2, 2, 3, 4);
        Numbers grid = list.uniform(-1.3, 1.3, 2, 2, 3, 2);
        for (String padding : List.of("zeros", "border", "reflection")) {
            for (String mode : List.of("linear", "nearest")) {
                list.op("GridSample")
                        .data(image)
                        .input(grid)
                        .set("mode", mode)
                        .set("padding_mode", padding)
                        .label(mode + ", " + padding);
            }
        }
        list.op("GridSample").data(image).input(grid).set("align_corners", 1).label("aligned corners");
    }
}

package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.testkit.reference.Numbers;
import java.util.List;

/** Samples of normalisations. */
final class NormalizationSamples {
    private NormalizationSamples() {}

    static void addTo(SampleList list) {
        layer(list);
        rootMeanSquare(list);
        skips(list);
        channels(list);
    }

    private static void layer(SampleList list) {
        String op = "LayerNormalization";
        list.op(op).data(list.numbers(3, 4)).data(list.positive(4)).label("no bias");
        list.op(op)
                .data(list.numbers(2, 3, 4))
                .data(list.positive(4))
                .data(list.numbers(4))
                .label("bias");
        list.op(op)
                .data(list.numbers(2, 3, 4))
                .data(list.positive(3, 4))
                .data(list.numbers(3, 4))
                .set("axis", 1)
                .set("epsilon", 0.1f)
                .label("two axes");
        list.op(op)
                .data(list.numbers(2, 3, 4))
                .data(list.positive(3, 1))
                .data(list.numbers(4))
                .set("axis", -2)
                .label("scale and bias broadcast");
        list.op(op)
                .data(list.numbers(2, 3, 4))
                .data(list.positive(4))
                .data(list.numbers(4))
                .set("stash_type", 1)
                .results(3)
                .label("with statistics");
    }

    private static void rootMeanSquare(SampleList list) {
        for (String op : List.of("RMSNormalization", "SimplifiedLayerNormalization")) {
            list.op(op).data(list.numbers(3, 4)).data(list.positive(4)).label("matrix");
            list.op(op)
                    .data(list.numbers(2, 3, 4))
                    .data(list.positive(4))
                    .set("axis", -1)
                    .set("epsilon", 0.1f)
                    .set("stash_type", 1)
                    .label("epsilon");
            list.op(op)
                    .data(list.numbers(2, 3, 4))
                    .data(list.positive(3, 4))
                    .set("axis", 1)
                    .label("two axes");
        }
    }

    private static void skips(SampleList list) {
        list.microsoft("SkipSimplifiedLayerNormalization")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(2, 3, 4))
                .data(list.positive(4))
                .set("epsilon", 1e-3f)
                .label("no bias");
        list.microsoft("SkipSimplifiedLayerNormalization")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(2, 3, 4))
                .data(list.positive(4))
                .data(list.numbers(4))
                .set("epsilon", 1e-3f)
                .label("bias");
        list.microsoft("SkipLayerNormalization")
                .data(list.numbers(2, 3, 4))
                .data(list.numbers(2, 3, 4))
                .data(list.positive(4))
                .data(list.numbers(4))
                .data(list.numbers(4))
                .set("epsilon", 1e-3f)
                .label("bias");
        list.microsoft("EmbedLayerNormalization")
                .input(list.integers(0, 7, 2, 3).withType(dev.save4j.tensor.ElementType.INT32))
                .input(list.integers(0, 2, 2, 3).withType(dev.save4j.tensor.ElementType.INT32))
                .data(list.numbers(7, 4))
                .data(list.numbers(5, 4))
                .data(list.numbers(2, 4))
                .data(list.positive(4))
                .data(list.numbers(4))
                .input(Numbers.of(new long[] {1, 1, 0, 1, 1, 1}, 2, 3).withType(dev.save4j.tensor.ElementType.INT32))
                .set("epsilon", 1e-3f)
                .results(2)
                .label("three embeddings");
    }

    private static void channels(SampleList list) {
        Numbers image = list.numbers(2, 4, 3, 2);
        list.op("GroupNormalization")
                .data(image)
                .data(list.positive(4))
                .data(list.numbers(4))
                .set("num_groups", 2)
                .label("two groups");
        list.op("GroupNormalization")
                .data(image)
                .data(list.positive(4))
                .data(list.numbers(4))
                .set("num_groups", 2)
                .set("epsilon", 0.1f)
                .set("stash_type", 1)
                .label("epsilon");
        list.op("InstanceNormalization")
                .data(image)
                .data(list.positive(4))
                .data(list.numbers(4))
                .set("epsilon", 0.01f)
                .label("image");
        list.op("BatchNormalization")
                .data(image)
                .data(list.positive(4))
                .data(list.numbers(4))
                .data(list.numbers(4))
                .data(list.positive(4))
                .set("epsilon", 0.01f)
                .set("momentum", 0.8f)
                .label("evaluation");
        list.op("BatchNormalization")
                .data(image)
                .data(list.positive(4))
                .data(list.numbers(4))
                .input(list.numbers(4))
                .input(list.positive(4))
                .set("momentum", 0.8f)
                .set("training_mode", 1)
                .results(3)
                .label("training");
        list.op("MeanVarianceNormalization").data(image).label("default");
        list.op("MeanVarianceNormalization")
                .data(image)
                .set("axes", Attribute.ofInts(2, 3))
                .label("given axes");
        list.op("LRN").data(image).set("size", 3).label("default");
        list.op("LRN")
                .data(image)
                .set("size", 3)
                .set("alpha", 0.02f)
                .set("beta", 0.6f)
                .set("bias", 1.5f)
                .label("all attributes");
    }
}

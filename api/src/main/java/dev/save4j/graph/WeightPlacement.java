package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where an encoded graph has the values of its {@linkplain Graph#parameters() parameters}. */
public sealed interface WeightPlacement {
    /**
     * Inside the file.
     *
     * @param weights a tensor for every parameter of the graph; others are left out
     */
    record Inline(Map<String, Tensor> weights) implements WeightPlacement {
        public Inline {
            weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
        }
    }

    /**
     * In another file beside the model, of which the encoded graph has name, offset and length alone.
     *
     * @param location path of that file relative to the model's folder, with {@code /} between its parts
     * @param regions where each parameter lies
     */
    record External(String location, Map<String, Region> regions) implements WeightPlacement {
        /** Offsets are multiples of it, so that readers can map each tensor into memory. */
        public static final int ALIGNMENT = 4096;

        public External {
            regions = Collections.unmodifiableMap(new LinkedHashMap<>(regions));
            if (location.isEmpty()) {
                throw SaveException.internal("external weights need a file name");
            }
        }

        /** One after the other in the order given, each at a multiple of {@link #ALIGNMENT}. */
        public static External packed(String location, Map<String, TensorType> parameters) {
            Map<String, Region> regions = new LinkedHashMap<>();
            long offset = 0;
            for (Map.Entry<String, TensorType> parameter : parameters.entrySet()) {
                TensorType type = parameter.getValue();
                long length = Tensor.byteSize(type.element(), type.fixedShape());
                regions.put(parameter.getKey(), new Region(offset, length));
                offset += (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            }
            return new External(location, regions);
        }

        /** The bytes that the file must have. */
        public long fileSize() {
            return regions.values().stream().mapToLong(Region::end).max().orElse(0);
        }
    }

    /** Bytes of a file. */
    record Region(long offset, long length) {
        public Region {
            if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
                throw SaveException.internal("no such region: offset " + offset + ", length " + length);
            }
        }

        /** The first byte behind it. */
        public long end() {
            return offset + length;
        }
    }

    /** Nowhere: the parameters are graph inputs, behind the inputs that the graph has, in the order of {@link Graph#parameters()}. */
    record Inputs() implements WeightPlacement {}
}

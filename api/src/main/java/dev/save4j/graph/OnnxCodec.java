package dev.save4j.graph;

/**
 * Reads and writes the ONNX file format, a protobuf message, without a protobuf library. Stateless and thread-safe.
 */
public final class OnnxCodec {
    private OnnxCodec() {}

    /**
     * A model file with one graph, as an engine wants it. The one operator of {@link Node#SAVE4J} is defined in the file as a function, so that a
     * runtime that does not know save4j can load it.
     *
     * @param placement where the values of the weights are: inside the file, in a file beside it, or fed as inputs
     * @return the file's bytes; a RESOURCES error from 2 GiB on
     */
    public static byte[] encode(Graph graph, WeightPlacement placement) {
        return OnnxEncoder.model(graph, placement).toByteArray();
    }
}

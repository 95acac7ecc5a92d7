package dev.save4j.graph;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Reads and writes the ONNX file format, a protobuf message (onnx.proto of ONNX 1.22), without a protobuf library. Fields that save4j does not
 * interpret survive reading and writing. Whatever is wrong with a file is a USER error that names the file and the place in it; a file cannot make
 * the reader take memory that its size does not pay for. Stateless and thread-safe.
 *
 * <p>Not supported, and refused: strings, complex numbers, 4- and 8-bit floats, sparse tensors, sequences, maps and optionals.
 */
public final class OnnxCodec {
    private OnnxCodec() {}

    /**
     * Reads a model with its external data, which must lie in the model's folder. The file is mapped while it is read, its weights are copied into
     * aligned memory of their own.
     */
    public static OnnxModel read(Path file) {
        try (ExternalData external = new ExternalData(file)) {
            return new OnnxDecoder(file.toString(), external).model(map(file));
        }
    }

    /**
     * Reads a model from its bytes, position to limit. External data cannot be found.
     *
     * @param source how messages call the model
     */
    public static OnnxModel decode(ByteBuffer bytes, String source) {
        try (ExternalData external = new ExternalData(null)) {
            return new OnnxDecoder(source, external).model(bytes);
        }
    }

    /** Reads a file with a single tensor (a TensorProto), as the ONNX operator tests have them. */
    public static Tensor readTensor(Path file) {
        try (ExternalData external = new ExternalData(file)) {
            ByteBuffer bytes = map(file);
            if (!bytes.hasRemaining()) {
                throw SaveException.user(file + ": the file is empty; it is no ONNX tensor");
            }
            return TensorDecoder.decode(new WireReader(bytes, file.toString()), external)
                    .tensor();
        }
    }

    private static ByteBuffer map(Path file) {
        if (!Files.isRegularFile(file)) {
            throw SaveException.user(file + ": there is no such file");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw SaveException.user(
                        file + ": the file has " + size + " bytes, but an ONNX file holds less than 2 GiB;"
                                + " large models keep their weights in a second file");
            }
            return size == 0 ? ByteBuffer.allocate(0) : channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
        } catch (IOException failed) {
            throw SaveException.resources(file + ": the file cannot be read: " + failed.getMessage(), failed);
        }
    }

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

    /** The bytes of a file with the whole model, weights inside; a RESOURCES error from 2 GiB on. */
    public static byte[] encode(OnnxModel model) {
        return OnnxEncoder.model(model, new WeightPlacement.Inline(model.weights()))
                .toByteArray();
    }

    /** Writes a model with its weights inside. The file appears or is replaced only when it is complete. */
    public static void write(OnnxModel model, Path file) {
        WireWriter message = OnnxEncoder.model(model, new WeightPlacement.Inline(model.weights()));
        AtomicFiles.write(file, message::writeTo);
    }

    /**
     * Writes a model with its weights in a second file beside it, as models of 2 GiB and more must be. Each file appears or is replaced only when it
     * is complete, the weights first.
     *
     * @return the file of the weights, the model's name with {@code .data} behind it
     */
    public static Path writeWithExternalData(OnnxModel model, Path file) {
        Path data = file.resolveSibling(file.getFileName() + ".data");
        WeightPlacement.External placement = WeightPlacement.External.packed(
                data.getFileName().toString(), model.graph().parameters());
        WireWriter message = OnnxEncoder.model(model, placement);
        AtomicFiles.write(data, channel -> {
            long at = 0;
            for (Map.Entry<String, WeightPlacement.Region> region :
                    placement.regions().entrySet()) {
                AtomicFiles.writeFully(
                        channel, ByteBuffer.allocate((int) (region.getValue().offset() - at)));
                AtomicFiles.writeFully(channel, OnnxEncoder.littleEndian(model.weight(region.getKey())));
                at = region.getValue().end();
            }
        });
        AtomicFiles.write(file, message::writeTo);
        return data;
    }
}

package dev.save4j.cli;

import dev.save4j.models.OnnxFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import tools.jackson.databind.node.JsonNodeFactory;

/** all-MiniLM-L6-v2 as PyTorch exported it, from its Maven artifact. */
final class MiniLm {
    private MiniLm() {}

    static OnnxFile.Opened open() {
        try {
            Path file = Files.createTempFile("minilm", ".onnx");
            try {
                copyTo(file);
                return OnnxFile.open(
                        file,
                        JsonNodeFactory.instance
                                .objectNode()
                                .put("model_type", "bert")
                                .put("max_position_embeddings", 512));
            } finally {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static void copyTo(Path file) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(MiniLm.class.getResourceAsStream("/all-minilm-l6-v2.onnx"), "MiniLM")) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}

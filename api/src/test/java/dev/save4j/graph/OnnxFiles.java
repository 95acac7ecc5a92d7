package dev.save4j.graph;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The real ONNX files that tests read. */
final class OnnxFiles {
    private OnnxFiles() {}

    /** The folders of the ONNX operator tests; skips the test when they are not there. */
    static List<Path> operatorCases() throws IOException {
        Path cases = Path.of(System.getProperty("save4j.shared", "../shared"), "data/onnx-node-tests");
        assumeTrue(Files.isDirectory(cases), "the shared data are not there");
        try (Stream<Path> folders = Files.list(cases)) {
            return folders.filter(Files::isDirectory).sorted().toList();
        }
    }

    static Path operatorCase(String name) throws IOException {
        return operatorCases().get(0).resolveSibling(name);
    }

    /** all-MiniLM-L6-v2 as PyTorch exported it, copied into the folder. */
    static Path miniLm(Path folder) throws IOException {
        Path file = folder.resolve("minilm.onnx");
        try (InputStream model = OnnxFiles.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
            Files.copy(Objects.requireNonNull(model), file);
        }
        return file;
    }
}

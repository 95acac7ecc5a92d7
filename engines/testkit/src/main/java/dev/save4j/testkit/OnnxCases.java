package dev.save4j.testkit;

import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The operator tests of the ONNX project. */
final class OnnxCases {
    private static final String FOLDER = "onnx-node-tests";

    private OnnxCases() {}

    /** Folders of all cases, or nothing when the data is not there. */
    static Optional<List<Path>> folders() {
        return SharedData.folder(FOLDER).map(root -> {
            try {
                return Files.readAllLines(root.resolve("index.tsv")).stream()
                        .skip(1)
                        .map(line -> root.resolve(line.substring(0, line.indexOf('\t'))))
                        .toList();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
    }

    /** Reads a case and normalises its graph. */
    static OperatorCase read(Path folder) {
        OnnxModel model = OnnxCodec.read(folder.resolve("model.onnx"));
        Graph graph = GraphNormalizer.normalize(model);
        Map<String, Tensor> weights = new LinkedHashMap<>(model.weights());
        weights.keySet().retainAll(graph.parameters().keySet());
        return new OperatorCase(
                folder.getFileName().toString(),
                graph,
                weights,
                tensors(folder, "input", model.graph().inputs()),
                tensors(folder, "output", model.graph().outputs()),
                Tolerance.ONNX);
    }

    private static Map<String, Tensor> tensors(Path folder, String role, List<ValueInfo> values) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < values.size(); i++) {
            Path file = folder.resolve("test_data_set_0").resolve(role + "_" + i + ".pb");
            tensors.put(values.get(i).name(), OnnxCodec.readTensor(file));
        }
        return tensors;
    }
}

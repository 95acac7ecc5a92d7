package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Turns errors of ONNX Runtime into ours: which graph and node, what was fed, and what to do. */
final class Failures {
    private static final Pattern NODE = Pattern.compile("(?:Name:|with name )'([^']*)'|[Nn]ode[ :]*\\(([^)]+)\\)");
    private static final Pattern NOISE = Pattern.compile("Error code - \\S+ - message: "
            + "|Non-zero status code returned while running "
            + "|Status Message: "
            // The place in the library's sources, with a signature and a condition or a code.
            + "|/\\S*onnxruntime\\S*\\.(?:h|cc):\\d+ .*?(?: was false\\. |\\[ONNXRuntimeError\\] : \\d+ : \\w+ : )");
    private static final Pattern MEMORY =
            Pattern.compile("bad_alloc|[Ff]ailed to allocate memory|[Oo]ut of memory|ALLOC_FAILED|Available memory of");
    private static final Pattern GPU = Pattern.compile("(?:CUDA|CUBLAS|CUDNN) failure|cuDNN is unavailable");
    private static final String SMALLER = "Use smaller batches or shorter sequences.";
    private static final String GPU_ADVICE =
            "The GPU or its driver failed, or a library is missing: some operators of ONNX files need cuDNN 9. Take the device cpu to do without.";

    private Failures() {}

    static SaveException opening(Graph graph, OrtException failure) {
        return translate(
                graph,
                "could not be opened",
                failure,
                "",
                "Free memory, or take a smaller model.",
                adviceOpening(failure));
    }

    static SaveException running(Graph graph, Map<String, Tensor> inputs, OrtException failure) {
        String fed = inputs.entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue())
                .sorted()
                .collect(Collectors.joining(", "));
        return translate(graph, "failed", failure, " It was fed " + fed + ".", SMALLER, adviceRunning(failure));
    }

    static SaveException decoding(Graph graph, OrtException failure) {
        return translate(graph, "failed while sampling", failure, "", SMALLER, adviceRunning(failure));
    }

    /**
     * @param ofMemory what to do when it ran out
     * @param advice what to do otherwise, unless a GPU failed
     */
    private static SaveException translate(
            Graph graph, String what, OrtException failure, String fed, String ofMemory, String advice) {
        String said = said(failure);
        String where = node(graph, said).map(node -> " at " + node.describe()).orElse("");
        String message = "ONNX Runtime: graph '" + graph.name() + "' " + what + where + ": " + said + fed + " ";
        if (MEMORY.matcher(said).find()) {
            return SaveException.resources(message + ofMemory, failure);
        }
        if (GPU.matcher(said).find()) {
            return SaveException.resources(message + GPU_ADVICE, failure);
        }
        return SaveException.engine(message + advice, failure);
    }

    static String said(OrtException failure) {
        String message = String.valueOf(failure.getMessage());
        String words = NOISE.matcher(message).replaceAll("").strip();
        return words.endsWith(".") ? words : words + '.';
    }

    private static Optional<Node> node(Graph graph, String said) {
        Matcher matcher = NODE.matcher(said);
        while (matcher.find()) {
            String name = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            Optional<Node> found = graph.nodes().stream()
                    .filter(node -> !name.isEmpty() && node.name().equals(name))
                    .findFirst();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static String adviceOpening(OrtException failure) {
        return switch (failure.getCode()) {
            case ORT_NOT_IMPLEMENTED ->
                "There is no kernel for that operator and element type on this device; export the model in float32.";
            case ORT_INVALID_GRAPH, ORT_INVALID_PROTOBUF, ORT_FAIL ->
                "The model is not valid ONNX for this version (" + Natives.version()
                        + "); check it with onnx.checker or export it again.";
            default -> "Check the model, or use another engine.";
        };
    }

    private static String adviceRunning(OrtException failure) {
        String said = said(failure);
        if (said.contains("out of data bounds") || said.contains("out of bounds")) {
            return "An index lies outside the tensor it selects from: does the tokenizer belong to this model, and is the text not "
                    + "longer than its positions?";
        }
        return "Check the values and shapes of the inputs.";
    }
}

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
            // The place in the library's sources with a signature and a condition or a code, up to the words that
            // follow.
            + "|/\\S*onnxruntime\\S*\\.(?:h|cc):\\d+ .*?(?: was false\\. |\\[ONNXRuntimeError\\] : \\d+ : \\w+ : )");
    private static final Pattern MEMORY =
            Pattern.compile("bad_alloc|[Ff]ailed to allocate memory|[Oo]ut of memory|ALLOC_FAILED|Available memory of");
    private static final Pattern GPU = Pattern.compile("(?:CUDA|CUBLAS|CUDNN) failure|cuDNN is unavailable");
    private static final String GPU_ADVICE =
            "The GPU or its driver failed, or a library is missing: some operators of ONNX files need cuDNN 9. Take the device cpu to do without.";

    private Failures() {}

    static SaveException opening(Graph graph, OrtException failure) {
        return translate(graph, "could not be opened", failure, "", adviceOpening(failure));
    }

    static SaveException running(Graph graph, Map<String, Tensor> inputs, OrtException failure) {
        String fed = inputs.entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue())
                .sorted()
                .collect(Collectors.joining(", "));
        return translate(graph, "failed", failure, " It was fed " + fed + ".", adviceRunning(failure));
    }

    static SaveException decoding(Graph graph, OrtException failure) {
        return translate(graph, "failed while sampling", failure, "", adviceRunning(failure));
    }

    private static SaveException translate(Graph graph, String what, OrtException failure, String fed, String advice) {
        String said = said(failure);
        String where = node(graph, said).map(node -> " at " + node.describe()).orElse("");
        String message =
                "ONNX Runtime: graph '" + graph.name() + "' " + what + where + ": " + said + fed + " " + advice;
        return MEMORY.matcher(said).find() || GPU.matcher(said).find()
                ? SaveException.resources(message, failure)
                : SaveException.engine(message, failure);
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
        if (MEMORY.matcher(said(failure)).find()) {
            return "Free memory, or take a smaller model.";
        }
        if (GPU.matcher(said(failure)).find()) {
            return GPU_ADVICE;
        }
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
        if (MEMORY.matcher(said).find()) {
            return "Use smaller batches or shorter sequences.";
        }
        if (GPU.matcher(said).find()) {
            return GPU_ADVICE;
        }
        if (said.contains("out of data bounds") || said.contains("out of bounds")) {
            return "An index lies outside the tensor it selects from: does the tokenizer belong to this model, and is the text not "
                    + "longer than its positions?";
        }
        return "Check the values and shapes of the inputs.";
    }
}

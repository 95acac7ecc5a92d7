package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole loop in Java processes of its own: nothing of a process (hash seeds, addresses, timing) may leak into a run. */
class FreshProcessTest {
    private static final String TINY = """
            name: tiny
            steps: 3
            modes: [save]
            engines: {threads: 2}
            data:
              lab: tales
              tales: {fine_tuning: 50, preferences: 24, held_out: 40, prompts: 30}
            policy:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 24, max_length: 64}
              fine_tuning: {steps: 3, batch: 8, learning_rate: 1.0e-2, warm_up: 1}
            reward:
              size: {hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 24, max_length: 64}
              training: {epochs: 1, batch: 12, warm_up: 0, value_steps: 3}
            rollout: {prompts: 3, group: 4, max_tokens: 12, slots: 8}
            save:
              anchor: {trust: .inf}
              replay: {pairs: 4}
              gate: {every: 2, pairs: 40}
            evaluation: {every: 2, prompts: 4, completions: 2}
            """;

    @TempDir
    private Path folder;

    @Test
    void twoProcessesRunTheLoopToTheSameBytes() throws Exception {
        Path experiment = folder.resolve("tiny.yaml");
        Files.writeString(experiment, TINY);
        Map<String, ByteBuffer> first = run(experiment, folder.resolve("first"));
        Map<String, ByteBuffer> second = run(experiment, folder.resolve("second"));
        assertThat(first).containsKeys("save/metrics.jsonl", "save/samples.jsonl", "save/policy/model.safetensors");
        assertThat(second).isEqualTo(first);
    }

    private Map<String, ByteBuffer> run(Path experiment, Path output) throws Exception {
        Path log = folder.resolve("log.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-Dguice_custom_class_loading=CHILD",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Save4j.class.getName(),
                        "run",
                        experiment.toString(),
                        "--set",
                        "output=" + output)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor()).as(Files.readString(log)).isZero();
        return results(output.resolve("tiny"));
    }

    /** What a run computed: metrics, samples and weights by their path in the run folder; the times it took are no result. */
    private static Map<String, ByteBuffer> results(Path run) throws IOException {
        Map<String, ByteBuffer> results = new TreeMap<>();
        try (Stream<Path> files = Files.walk(run)) {
            for (Path file : files.toList()) {
                String name = run.relativize(file).toString();
                boolean result = name.endsWith("metrics.jsonl")
                        || name.endsWith("samples.jsonl")
                        || name.endsWith(".safetensors");
                if (result) {
                    results.put(name, ByteBuffer.wrap(Files.readAllBytes(file)));
                }
            }
        }
        return results;
    }
}

package dev.save4j.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.WeightStore;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can only be seen in a Java process of its own: how the native library is loaded, and whether two processes agree. */
class FreshProcessTest {
    /** Trains a little and prints what came of it, or the error. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            Graph graph = TinyJudge.graph();
            WeightStore weights = TinyJudge.weights(1);
            try (Trainer trainer = new TensorFlowEngine()
                    .open(weights, List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
                for (int step = 0; step < 5; step++) {
                    trainer.accumulate(graph, TinyJudge.batch(4, 8, step), 1);
                    trainer.step(1e-3);
                }
                System.out.println("hash " + weights.contentHash());
            } catch (SaveException failure) {
                System.out.println(failure.kind() + " " + failure.getMessage());
            }
            System.out.println("offline " + System.getProperty("ai.djl.offline"));
            System.out.println("opt-out " + System.getProperty("OPT_OUT_TRACKING"));
        }
    }

    private static Process start(Predicate<String> jar, String... options) throws IOException {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar)
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m", "-cp", classPath));
        command.addAll(List.of(options));
        command.add(Program.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command);
        // Without the environment that the build sets: the engine itself must keep DJL from the network.
        builder.environment().remove("DJL_OFFLINE");
        builder.environment().remove("OPT_OUT_TRACKING");
        return builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static List<String> lines(Process process) throws IOException, InterruptedException {
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).isZero();
        return lines;
    }

    @Test
    void twoProcessesUnpackAtOnceAndTrainToTheSameBytesWithoutTheNetwork(@TempDir Path cache) throws Exception {
        String empty = "-Dorg.bytedeco.javacpp.cachedir=" + cache;
        Process first = start(jar -> true, empty);
        Process second = start(jar -> true, empty);
        List<String> lines = lines(first);
        assertThat(lines).isEqualTo(lines(second)).anyMatch(line -> line.startsWith("hash "));
        assertThat(lines).contains("offline true", "opt-out true");
    }

    @Test
    void aMissingNativeLibraryIsAnErrorThatSaysWhatToDo() throws Exception {
        List<String> lines = lines(start(jar -> !jar.matches(".*tensorflow-core-native-[\\d.]+-.*")));
        assertThat(lines.get(0))
                .startsWith("ENGINE engine 'djl-tensorflow' cannot load TensorFlow's native library (there is no")
                .contains("Nothing is downloaded at run time", "org.tensorflow:tensorflow-core-native");
    }
}

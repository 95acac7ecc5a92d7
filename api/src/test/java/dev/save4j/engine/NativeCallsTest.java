package dev.save4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativeCallsTest {
    /** Is inside a call most of the time, and says when a call begins and ends. */
    static final class Caller {
        private Caller() {}

        public static void main(String[] arguments) throws InterruptedException {
            while (true) {
                try (NativeCalls.Call call = NativeCalls.enter();
                        NativeCalls.Call nested = NativeCalls.enter()) {
                    System.out.println("begin");
                    Thread.sleep(500);
                    System.out.println("end");
                }
            }
        }
    }

    @Test
    void aProcessThatIsToldToEndFinishesTheCallAndBeginsNoOther() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Caller.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).isEqualTo("begin");
            // Unlike the process itself, its handle leaves the streams open.
            process.toHandle().destroy();
            List<String> after = output.lines().toList();
            assertThat(after).isNotEmpty();
            assertThat(after.get(after.size() - 1)).isEqualTo("end");
        }
    }
}

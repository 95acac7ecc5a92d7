package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.models.LlamaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The same training written for PyTorch in Python, as somebody would who does not use save4j. Needs python3 with torch. */
final class Rival {
    static final String NAME = "python3-torch";

    private static final String SCRIPT = "llama_train.py";

    private Rival() {}

    /** A USER error when the interpreter or its torch is missing. */
    static void require(String python) {
        int code;
        try {
            code = new ProcessBuilder(python, "-c", "import torch")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException missing) {
            throw SaveException.user("--rival: cannot run '" + python + "': " + missing.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("interrupted while '" + python + "' was tried", interrupted);
        }
        if (code != 0) {
            throw SaveException.user(
                    "--rival: '" + python + "' has no module torch. Install it (Debian: apt-get install"
                            + " python3-torch) or name an interpreter that has it: --rival=/usr/bin/python3");
        }
    }

    static TrainingProbe.Result measure(String python, ModelSize size, BatchShape shape, int threads, double seconds) {
        LlamaConfig config = size.config();
        Path script = unpack();
        try {
            List<String> command = new ArrayList<>(List.of(python, script.toString()));
            Stream.of(
                            config.hiddenSize(),
                            config.layers(),
                            config.heads(),
                            config.intermediateSize(),
                            config.vocabularySize(),
                            config.tied() ? 1 : 0,
                            shape.batch(),
                            shape.length(),
                            threads,
                            seconds)
                    .map(Object::toString)
                    .forEach(command::add);
            ProcessBuilder process = new ProcessBuilder(command);
            process.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
            process.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(threads));
            // What made this program fastest: big pages for its memory, and threads that sleep when idle.
            process.environment().put("OMP_WAIT_POLICY", "PASSIVE");
            process.environment().put("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
            return Probe.run(process, TrainingProbe.Result.class, NAME + " " + size.name() + " " + shape);
        } finally {
            delete(script);
        }
    }

    private static Path unpack() {
        try (InputStream resource = Rival.class.getResourceAsStream(SCRIPT)) {
            if (resource == null) {
                throw SaveException.internal("the resource " + SCRIPT + " is missing");
            }
            Path file = Files.createTempFile("save4j", ".py");
            Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException failed) {
            throw SaveException.resources("cannot unpack " + SCRIPT + ": " + failed, failed);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException failed) {
            throw SaveException.resources("cannot delete '" + file + "': " + failed, failed);
        }
    }
}

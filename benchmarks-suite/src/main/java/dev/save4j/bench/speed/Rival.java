package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.models.LlamaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The same work written for PyTorch in Python, as somebody would who does not use save4j. Needs python3 with torch. */
final class Rival {
    static final String NAME = "python3-torch";

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

    static TrainingProbe.Result train(Plan plan, ModelSize size, BatchShape shape) {
        return run("llama_train.py", plan, size, TrainingProbe.Result.class, shape.batch(), shape.length());
    }

    static RolloutProbe.Result sample(Plan plan, ModelSize size, int batch) {
        return run(
                "llama_sample.py", plan, size, RolloutProbe.Result.class, batch, RolloutProbe.PROMPT, RolloutProbe.NEW);
    }

    /** Hands a script the numbers of the model, those given, and the threads and seconds of the plan. */
    private static <T extends Record> T run(
            String resource, Plan plan, ModelSize size, Class<T> result, Object... numbers) {
        LlamaConfig config = size.config();
        Path script = unpack(resource);
        try {
            List<String> command = new ArrayList<>(List.of(plan.rival().orElseThrow(), script.toString()));
            Stream.of(
                            Stream.of(
                                    config.hiddenSize(),
                                    config.layers(),
                                    config.heads(),
                                    config.intermediateSize(),
                                    config.vocabularySize(),
                                    config.tied() ? 1 : 0),
                            Arrays.stream(numbers),
                            Stream.of(plan.threads(), plan.seconds()))
                    .flatMap(part -> part)
                    .map(Object::toString)
                    .forEach(command::add);
            ProcessBuilder process = new ProcessBuilder(command);
            process.environment().put("OMP_NUM_THREADS", Integer.toString(plan.threads()));
            process.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(plan.threads()));
            // What made these programs fastest: big pages for their memory, and threads that sleep when idle.
            process.environment().put("OMP_WAIT_POLICY", "PASSIVE");
            process.environment().put("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
            return Probe.run(process, result, NAME + " " + size.name() + " " + List.of(numbers));
        } finally {
            delete(script);
        }
    }

    private static Path unpack(String name) {
        try (InputStream resource = Rival.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw SaveException.internal("the resource " + name + " is missing");
            }
            Path file = Files.createTempFile("save4j", ".py");
            Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException failed) {
            throw SaveException.resources("cannot unpack " + name + ": " + failed, failed);
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

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
import java.util.Optional;

/**
 * The same work done as somebody would who does not use save4j: with ONNX Runtime alone, or with PyTorch in Python.
 *
 * @param python an interpreter with torch
 */
record Rivals(boolean plain, Optional<String> python) {
    static final String PLAIN = "plain";
    static final String TORCH = "python3-torch";

    private static final String ALL = "all";

    /** Of the names that a user gave; a USER error when a benchmark does not have that rival. */
    static Rivals of(String benchmark, List<String> names, boolean plainExists, boolean torchExists) {
        boolean plain = false;
        Optional<String> python = Optional.empty();
        for (String name : names) {
            boolean all = name.equals(ALL);
            boolean exists = all || (name.equals(PLAIN) ? plainExists : torchExists);
            if (!exists) {
                throw SaveException.user("--rival " + name + ": bench " + benchmark + " has no such rival");
            }
            plain |= plainExists && (all || name.equals(PLAIN));
            if (torchExists && !name.equals(PLAIN)) {
                python = Optional.of(all ? "python3" : name);
            }
        }
        return new Rivals(plain, python);
    }

    List<String> names() {
        List<String> names = new ArrayList<>();
        if (plain) {
            names.add(PLAIN);
        }
        if (python.isPresent()) {
            names.add(TORCH);
        }
        return names;
    }

    /** A USER error when the interpreter or its torch is missing. */
    void require() {
        python.ifPresent(Rivals::require);
    }

    private static void require(String python) {
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

    /** Runs {@code llama.py}. */
    Reading torch(Plan plan, Case one, List<Object> work) {
        LlamaConfig config = one.size().config();
        Path script = unpack();
        try {
            List<String> command = new ArrayList<>(List.of(python.orElseThrow(), script.toString()));
            command.add(work.get(0).toString());
            List<Object> model = List.of(
                    config.hiddenSize(),
                    config.layers(),
                    config.heads(),
                    config.keyValueHeads(),
                    config.intermediateSize(),
                    config.vocabularySize(),
                    config.tied() ? 1 : 0,
                    plan.threads(),
                    plan.seconds());
            model.forEach(number -> command.add(number.toString()));
            work.subList(1, work.size()).forEach(number -> command.add(number.toString()));
            ProcessBuilder process = new ProcessBuilder(command);
            process.environment().put("OMP_NUM_THREADS", Integer.toString(plan.threads()));
            process.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(plan.threads()));
            // What made these programs fastest: big pages for their memory, and threads that sleep when idle.
            process.environment().put("OMP_WAIT_POLICY", "PASSIVE");
            process.environment().put("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
            return Probe.run(process, one.toString());
        } finally {
            delete(script);
        }
    }

    private static Path unpack() {
        try (InputStream resource = Rivals.class.getResourceAsStream("llama.py")) {
            if (resource == null) {
                throw SaveException.internal("the resource llama.py is missing");
            }
            Path file = Files.createTempFile("save4j", ".py");
            Files.copy(resource, file, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException failed) {
            throw SaveException.resources("cannot unpack llama.py: " + failed, failed);
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

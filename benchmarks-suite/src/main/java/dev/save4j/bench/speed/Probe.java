package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Runs a measurement in a process of its own, which writes its result as the last line of its output. */
final class Probe {
    private static final JsonMapper JSON = JsonMapper.shared();

    private Probe() {}

    /** Hands the result to whoever started this process. */
    static void report(Reading result) {
        System.out.println(JSON.writeValueAsString(result));
        System.out.flush();
    }

    /** Runs a class with a {@code main}, which gets an {@link Assignment}, in a virtual machine like this one. */
    static Reading java(Class<?> program, Plan plan, String... work) {
        return java(program, plan, List.of(), work);
    }

    /** @param options of the virtual machine, which win over those of this one */
    static Reading java(Class<?> program, Plan plan, List<String> options, String... work) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        // Two collectors at once are refused, whichever comes last.
        boolean collects = options.stream().anyMatch(Probe::choosesCollector);
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> !argument.startsWith("-javaagent:") && !argument.startsWith("-agentlib:"))
                .filter(argument -> !(collects && choosesCollector(argument)))
                .forEach(command::add);
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.add(Integer.toString(plan.threads()));
        command.add(Double.toString(plan.seconds()));
        command.addAll(List.of(work));
        return run(new ProcessBuilder(command), program.getSimpleName() + " " + String.join(" ", work));
    }

    private static boolean choosesCollector(String argument) {
        return argument.matches("-XX:[+-]Use\\w+GC");
    }

    /** A RESOURCES error shows the end of what the process wrote. */
    static Reading run(ProcessBuilder program, String what) {
        Path errors = null;
        Process process = null;
        try {
            errors = Files.createTempFile("save4j-probe", ".log");
            process = program.redirectError(errors.toFile())
                    .redirectInput(new File(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null"))
                    .start();
            Process started = process;
            Thread ending = new Thread(started::destroy);
            Runtime.getRuntime().addShutdownHook(ending);
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            Runtime.getRuntime().removeShutdownHook(ending);
            String last = output.lines().filter(line -> line.startsWith("{")).reduce("", (before, line) -> line);
            if (code != 0 || last.isEmpty()) {
                List<String> lines = Files.readAllLines(errors);
                throw SaveException.resources("the measurement " + what + " ended with exit code " + code + ":\n  "
                        + String.join("\n  ", lines.subList(Math.max(0, lines.size() - 8), lines.size())));
            }
            return JSON.readValue(last, Reading.class);
        } catch (IOException failed) {
            throw SaveException.resources("cannot run the measurement " + what + ": " + failed, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("the measurement " + what + " was interrupted", interrupted);
        } finally {
            stop(process);
            delete(errors);
        }
    }

    private static void stop(@Nullable Process process) {
        if (process != null && process.isAlive()) {
            process.destroy();
            try {
                process.waitFor(5, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void delete(@Nullable Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot delete '" + file + "': " + failed, failed);
        }
    }
}

package dev.save4j.wiring;

import dev.save4j.AtomicFiles;
import dev.save4j.engine.Engine;
import dev.save4j.engine.EngineSettings;
import dev.save4j.loop.TrainingData;
import dev.save4j.run.Experiment;
import dev.save4j.run.RunFolder;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes {@code manifest.json}: with what a run was made. */
final class Manifest {
    private Manifest() {}

    /** Writes that of a run once; a resumed run keeps that of its start. */
    static void write(Experiment experiment, Registry.Chosen chosen, TrainingData data, RunFolder folder) {
        if (Files.exists(folder.manifest())) {
            return;
        }
        ObjectNode root = of(
                experiment.seed(),
                Map.of(
                        "rollout", chosen.engines().rollout(),
                        "scoring", chosen.engines().scoring(),
                        "gradient", chosen.engines().gradient()),
                chosen.engines().settings(),
                data,
                chosen.algorithm().explain());
        AtomicFiles.write(folder.manifest(), root.toPrettyString() + "\n");
    }

    /**
     * @param engines by role
     * @param formulas of the training, a line each
     */
    static ObjectNode of(
            long seed, Map<String, Engine> engines, EngineSettings settings, TrainingData data, List<String> formulas) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        String version = Manifest.class.getPackage().getImplementationVersion();
        root.put("save4j", version == null ? "development" : version);
        root.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        root.put("seed", seed);
        ObjectNode machine = root.putObject("machine");
        machine.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        machine.put("processors", Runtime.getRuntime().availableProcessors());
        ObjectNode roles = root.putObject("engines");
        new TreeMap<>(engines)
                .forEach((role, engine) -> roles.put(
                        role, engine.name() + " " + engine.capabilities().version()));
        roles.put("threads", settings.threads());
        ObjectNode sources = root.putObject("data");
        sources.put("sha256", data.contentHash());
        ArrayNode notes = sources.putArray("notes");
        data.notes().forEach(notes::add);
        ArrayNode lines = root.putArray("algorithm");
        formulas.forEach(lines::add);
        return root;
    }
}

package dev.save4j.wiring;

import dev.save4j.AtomicFiles;
import dev.save4j.engine.Engine;
import dev.save4j.loop.TrainingData;
import dev.save4j.run.Experiment;
import dev.save4j.run.RunFolder;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes {@code manifest.json}: with what a run was made. */
final class Manifest {
    private Manifest() {}

    /** Writes it once; a resumed run keeps that of its start. */
    static void write(Experiment experiment, Registry.Chosen chosen, TrainingData data, RunFolder folder) {
        if (Files.exists(folder.manifest())) {
            return;
        }
        ObjectNode root = JsonMapper.shared().createObjectNode();
        String version = Manifest.class.getPackage().getImplementationVersion();
        root.put("save4j", version == null ? "development" : version);
        root.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        root.put("seed", experiment.seed());
        ObjectNode machine = root.putObject("machine");
        machine.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        machine.put("processors", Runtime.getRuntime().availableProcessors());
        ObjectNode engines = root.putObject("engines");
        put(engines, "rollout", chosen.engines().rollout());
        put(engines, "scoring", chosen.engines().scoring());
        put(engines, "gradient", chosen.engines().gradient());
        engines.put("threads", chosen.engines().settings().threads());
        ObjectNode sources = root.putObject("data");
        sources.put("sha256", data.contentHash());
        ArrayNode notes = sources.putArray("notes");
        data.notes().forEach(notes::add);
        ArrayNode formulas = root.putArray("algorithm");
        chosen.algorithm().explain().forEach(formulas::add);
        AtomicFiles.write(folder.manifest(), root.toPrettyString() + "\n");
    }

    private static void put(ObjectNode engines, String role, Engine engine) {
        engines.put(role, engine.name() + " " + engine.capabilities().version());
    }
}

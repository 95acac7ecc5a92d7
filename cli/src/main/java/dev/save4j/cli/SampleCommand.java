package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.Sampling;
import dev.save4j.loop.PolicySampler;
import dev.save4j.loop.PolicySampler.Sampled;
import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.PolicyModel;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Samples from a policy. */
@Command(
        name = "sample",
        mixinStandardHelpOptions = true,
        description = {"Samples answers from a policy.", ""},
        footer = {
            "",
            "Examples:",
            "  save4j sample runs/quickstart/save/policy --prompt \"lily kite garden happy :\" --answers 4",
            "  save4j sample path/to/model --tokenizer path/to/tok512.bin --prompt \"Once upon a time\" --greedy"
        })
final class SampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "A model folder, such as RUN/MODE/policy.")
    private String model;

    @Option(names = "--prompt", required = true, description = "What to answer.")
    private String prompt;

    @Option(
            names = "--tokenizer",
            paramLabel = "PATH",
            description = "A tokenizer file or folder, if the model folder has none.")
    private Optional<Path> tokenizer = Optional.empty();

    @Option(names = "--answers", defaultValue = "1", description = "How many answers (default ${DEFAULT-VALUE}).")
    private int answers;

    @Option(
            names = "--max-tokens",
            defaultValue = "64",
            description = "The longest answer, in tokens (default ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(names = "--temperature", defaultValue = "1", description = "Divides the logits (default ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--greedy", description = "Takes the most likely token each time; the same as --temperature 0.")
    private boolean greedy;

    @Option(names = "--top-k", defaultValue = "0", description = "Only the k most likely tokens; 0 for all (default).")
    private int topK;

    @Option(
            names = "--top-p",
            defaultValue = "1",
            description = "Only the most likely tokens that together reach p (default 1: all).")
    private double topP;

    @Option(names = "--seed", defaultValue = "1", description = "Of the random numbers (default ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--engine",
            defaultValue = "onnxruntime",
            description = "The rollout engine (default ${DEFAULT-VALUE}).")
    private String engine;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            paramLabel = "cpu|cuda",
            description = "Where the engine computes (default ${DEFAULT-VALUE}).")
    private Device.Kind device = Device.Kind.CPU;

    @Override
    public Integer call() {
        if (answers < 1) {
            throw SaveException.user("--answers must be at least 1, but is " + answers);
        }
        PrintWriter out = spec.commandLine().getOut();
        Sampling sampling = new Sampling(greedy ? 0 : temperature, topK, topP, maxTokens, Set.of());
        RolloutEngine samples = Registry.discover().rollout().named(engine);
        samples.require(device);
        ModelFolder folder = ModelCache.ofUser().locate(model);
        try (Tokenizer words = tokenizer.map(Tokenizers::open).orElseGet(folder::tokenizer)) {
            List<Sampled> sampled = PolicySampler.sample(
                    PolicyModel.load(folder),
                    words,
                    prompt,
                    answers,
                    sampling,
                    seed,
                    samples,
                    EngineSettings.singleThreaded().on(Device.first(device)));
            for (Sampled answer : sampled) {
                out.println(answer.text());
                out.printf(
                        Locale.ROOT,
                        "  [%d tokens, log-prob %.2f, %s]%n",
                        answer.tokens(),
                        answer.logProb(),
                        answer.finish().name().toLowerCase(Locale.ROOT));
            }
        }
        out.flush();
        return 0;
    }
}

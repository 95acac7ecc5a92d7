package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.bench.reward.Benchmark;
import dev.save4j.bench.reward.BenchmarkSources;
import dev.save4j.bench.reward.Benchmarks;
import dev.save4j.bench.reward.PreferencePairs;
import dev.save4j.bench.reward.RewardBenchmark;
import dev.save4j.bench.reward.RewardResults;
import dev.save4j.bench.reward.ScoreCache;
import dev.save4j.bench.reward.Scorer;
import dev.save4j.chat.ChatChoice;
import dev.save4j.engine.EngineSettings;
import dev.save4j.models.HubCache;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures reward models. */
@Command(
        name = "reward",
        mixinStandardHelpOptions = true,
        description = {
            "Measures reward models on RewardBench, RewardBench 2, RM-Bench, JudgeBench, PPE, RMB, LLMBar and preference files, each by its own rules, from"
                    + " the files as published. An interrupted run goes on where it was: the same command scores what is missing.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j bench reward --models runs/ultrafeedback/model,length,random --data benchmarks --out runs/bench",
            "  save4j bench reward --models before=runs/a/model,after=runs/b/model,length \\",
            "      --benchmarks judgebench,rm-bench --preferences eval.jsonl.gz --data benchmarks --out runs/bench",
            "",
            "A model is a folder, a name that 'save4j model get' knows, scores:FILE with the output of 'save4j reward score', whose rows are found by exactly the"
                    + " prompt and the answer, or one of the baselines length, random and constant. NAME= before it names it in the results.",
            "A folder holds a reward model, or a classifier as model.onnx whose logits are the scores; FOLDER?label=good chooses one of several labels,"
                    + " and FOLDER?chat=none says for one model what --chat says for all.",
            "A server is http://host:port/get_reward of OpenRLHF, vllm:http://host:port/classify, /score or /pooling, or sglang:http://host:port/classify."
                    + " Options follow a question mark: chat=FOLDER (its tokenizer, for the template), model, batch, concurrency, timeout, tries, and token,"
                    + " the environment variable that holds it, as in",
            "  rm=vllm:http://localhost:8000/classify?chat=tokenizer&concurrency=8"
        })
final class BenchRewardCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--models",
            required = true,
            split = ",",
            paramLabel = "[NAME=]MODEL",
            description = "What to measure.")
    private List<String> models = List.of();

    @Option(
            names = "--benchmarks",
            split = ",",
            paramLabel = "NAME",
            defaultValue = Benchmarks.ALL,
            description = "By default all whose files are in the folder of data.")
    private List<String> benchmarks = List.of();

    @Option(
            names = "--preferences",
            paramLabel = "[NAME=]FILE",
            description =
                    "A preference file as one more benchmark, called by its name unless it is given another; may be given several times.")
    private List<String> preferences = List.of();

    @Option(
            names = "--data",
            required = true,
            split = ",",
            paramLabel = "FOLDER|hub|ID",
            description =
                    "A folder with a folder of published files for each benchmark: judgebench, rm-bench, rmb, … Or ids of data sets of the Hugging Face hub in"
                            + " its local cache, such as allenai/reward-bench; hub stands for those of all the benchmarks.")
    private List<String> data = List.of();

    @Option(
            names = "--download",
            description =
                    "Fetches the data sets first. Honours HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_CACHE; nothing is fetched without this.")
    private boolean download;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "Where results.json, .csv, .md, items.jsonl and the kept scores go.")
    private Path out = Path.of("");

    @Option(
            names = "--max-length",
            defaultValue = "2048",
            description =
                    "Tokens of prompt and answer together, at most what the model has (default ${DEFAULT-VALUE}).")
    private int maxLength;

    @Option(
            names = "--batch",
            defaultValue = "16",
            description = "Answers per run of the model (default ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--threads", defaultValue = "1", description = "Native threads (default ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--chat",
            defaultValue = "auto",
            paramLabel = "auto|none|model|FILE",
            description =
                    "The chat template that prompt and answer are put into. auto (default): the model's own; none for a model that save4j has trained, which it"
                            + " does on plain text, and for an encoder; any other without a template is refused. none: plain text. model: the model's own. Or"
                            + " this file.")
    private String chat = "";

    @Option(
            names = "--batch-tolerance",
            defaultValue = "" + RewardBenchmark.BATCH_TOLERANCE,
            paramLabel = "DIFFERENCE",
            description =
                    "By how much a score may depend on what else is in its batch; above it the run ends before it begins (default ${DEFAULT-VALUE}).")
    private double batchTolerance;

    @Option(
            names = "--limit",
            defaultValue = "2147483647",
            paramLabel = "ITEMS",
            description = "Items of each benchmark at most, for trying.")
    private int limit;

    @Option(
            names = "--seed",
            defaultValue = "17",
            description = "Of the baseline random and of the intervals (default ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--engine",
            defaultValue = "onnxruntime",
            description = "The inference engine (default ${DEFAULT-VALUE}).")
    private String engine = "";

    @Override
    public Integer call() throws IOException {
        Path data = folder();
        List<Benchmark> chosen = new ArrayList<>(Benchmarks.named(benchmarks, data));
        preferences.forEach(text -> chosen.add(preferencePairs(text)));
        refuseEqualBenchmarks(chosen);
        if (chosen.isEmpty()) {
            throw SaveException.user("'" + data + "' has no folder of a known benchmark; known: "
                    + String.join(
                            ", ", Benchmarks.all().stream().map(Benchmark::name).toList()));
        }
        RewardBenchmark.Options options = new RewardBenchmark.Options(limit, seed, batchTolerance);
        List<Scorer> scorers = new ArrayList<>();
        try {
            ScorerArgument.Machine machine = new ScorerArgument.Machine(
                    ChatChoice.parse(chat),
                    engine,
                    new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir"))),
                    maxLength,
                    batch,
                    seed);
            models.forEach(model -> scorers.add(ScorerArgument.parse(model).open(machine)));
            refuseEqualNames(scorers);
            Files.createDirectories(out);
            measure(chosen, data, scorers, options);
        } finally {
            scorers.forEach(Scorer::close);
        }
        return 0;
    }

    /** The folder of benchmarks, filled from the cache of the hub where its data sets are named. */
    private Path folder() {
        if (!BenchmarkSources.areMeant(data)) {
            if (data.size() > 1) {
                throw SaveException.user("--data is " + String.join(",", data)
                        + ", expected one folder that exists, or ids of data sets such as allenai/reward-bench");
            }
            if (download) {
                throw SaveException.user("--download fetches data sets of the hub, but --data is the folder '"
                        + data.get(0) + "'; name the data sets, or hub for those of all benchmarks");
            }
            return Path.of(data.get(0));
        }
        Path folder = out.resolve("data");
        boolean all = benchmarks.contains(Benchmarks.ALL);
        PrintWriter err = spec.commandLine().getErr();
        new BenchmarkSources(HubCache.ofUser())
                .link(
                        BenchmarkSources.ids(data, all ? List.of(Benchmarks.ALL) : benchmarks),
                        folder,
                        download,
                        data.contains(BenchmarkSources.HUB) && all,
                        line -> {
                            err.println(line);
                            err.flush();
                        });
        return folder;
    }

    private void measure(List<Benchmark> chosen, Path data, List<Scorer> scorers, RewardBenchmark.Options options) {
        RewardResults results;
        try (ScoreCache cache = new ScoreCache(out.resolve("scores.duckdb"));
                ProgressBars progress = new ProgressBars()) {
            results = new RewardBenchmark(chosen, data, cache, options).run(scorers, progress);
        }
        results.write(out);
        PrintWriter console = spec.commandLine().getOut();
        console.println();
        console.print(TextTable.of(results.table().transposed()));
        console.println();
        console.println(RewardResults.READING);
        results.notes().forEach(console::println);
        console.println("Results: " + out);
        console.flush();
    }

    private static PreferencePairs preferencePairs(String text) {
        int equals = text.indexOf('=');
        // An equals sign may also be part of the name of a file.
        return equals > 0 && !Files.exists(Path.of(text))
                ? new PreferencePairs(text.substring(0, equals), Path.of(text.substring(equals + 1)))
                : new PreferencePairs(Path.of(text));
    }

    private static void refuseEqualBenchmarks(List<Benchmark> chosen) {
        Set<String> names = new HashSet<>();
        for (Benchmark benchmark : chosen) {
            if (!names.add(benchmark.name())) {
                throw SaveException.user("two benchmarks are called '" + benchmark.name() + "'; name them apart, as in"
                        + " --preferences other="
                        + benchmark.file().map(Path::toString).orElse("FILE"));
            }
        }
    }

    private static void refuseEqualNames(List<Scorer> scorers) {
        Set<String> names = new HashSet<>();
        for (Scorer scorer : scorers) {
            if (!names.add(scorer.name())) {
                throw SaveException.user("two models are called '" + scorer.name()
                        + "'; name them apart, as in --models before=FOLDER,after=FOLDER");
            }
        }
    }
}

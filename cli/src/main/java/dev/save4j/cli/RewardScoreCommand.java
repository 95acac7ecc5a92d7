package dev.save4j.cli;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.chat.ChatChoice;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.loop.Progress;
import dev.save4j.loop.RewardScorer;
import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.ScoringModel;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.wiring.Registry;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Scores answers line by line. */
@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        description = {
            "Scores answers: every line of the input is a JSON object with \"prompt\" and one of \"response\", \"answer\" or \"completion\"; the same"
                    + " object comes out with \"reward\" added. Any number of lines in constant memory.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j reward score runs/quickstart/save/reward --in answers.jsonl --out scored.jsonl",
            "  save4j reward score runs/quickstart/save/reward < answers.jsonl"
        })
final class RewardScoreCommand implements Callable<Integer> {
    private static final List<String> ANSWER_KEYS = List.of("response", "answer", "completion");
    private static final int CHUNK = 512;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "The folder of a reward model, such as RUN/MODE/reward.")
    private String model;

    @Option(names = "--in", paramLabel = "FILE", description = "JSON Lines; standard input by default.")
    private Optional<Path> input = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "JSON Lines; standard output by default. Appears when it is complete.")
    private Optional<Path> output = Optional.empty();

    @Option(
            names = "--max-length",
            defaultValue = "512",
            description = "Tokens of prompt and answer together (default ${DEFAULT-VALUE}).")
    private int maxLength;

    @Option(
            names = "--batch",
            defaultValue = "32",
            description = "Answers per run of the model (default ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--threads", defaultValue = "1", description = "Native threads (default ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--engine",
            defaultValue = "onnxruntime",
            description = "The inference engine (default ${DEFAULT-VALUE}).")
    private String engine;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            paramLabel = "cpu|cuda|tensorrt",
            description = "Where the engine computes (default ${DEFAULT-VALUE}).")
    private Device.Kind device = Device.Kind.CPU;

    @Option(
            names = "--chat",
            arity = "0..1",
            defaultValue = "none",
            fallbackValue = "model",
            paramLabel = "auto|none|model|FILE",
            description =
                    "Puts prompt and answer into a chat template, as turns of the user and the assistant: the model's own where none is named (default none).")
    private String chat = "";

    /** Bytes of the input that were read. */
    private long consumed;

    private record Row(long line, ObjectNode json, RewardScorer.Item item) {}

    @Override
    public Integer call() {
        if (batch < 1) {
            throw SaveException.user("--batch must be at least 1, but is " + batch);
        }
        InferenceEngine scores = Registry.discover().inference().named(engine);
        scores.require(device);
        ModelFolder folder = ModelCache.ofUser().locate(model);
        EngineSettings settings =
                new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir")), Device.first(device));
        try (Tokenizer tokenizer = folder.tokenizer();
                RewardScorer scorer = new RewardScorer(
                        ScoringModel.load(folder, Optional.empty(), maxLength),
                        tokenizer,
                        ChatChoice.parse(chat).of(folder.path()),
                        maxLength,
                        scores,
                        settings,
                        batch);
                ProgressBars progress = new ProgressBars();
                InputStream in = new BufferedInputStream(open())) {
            long[] rows = new long[1];
            if (output.isPresent()) {
                AtomicFiles.write(
                        output.get(),
                        channel -> rows[0] = score(in, Channels.newOutputStream(channel), scorer, progress));
            } else {
                rows[0] = score(in, System.out, scorer, progress);
            }
            progress.close();
            PrintWriter err = spec.commandLine().getErr();
            err.println(rows[0] + " answers scored"
                    + (scorer.cut() > 0
                            ? ", " + scorer.cut() + " of them cut to " + scorer.maxLength() + " tokens"
                            : "")
                    + String.format(
                            Locale.ROOT, "; %.1f %% of the tokens computed were padding", 100 * scorer.padding()));
            err.flush();
        } catch (IOException failed) {
            throw SaveException.resources("cannot read or write the answers: " + failed, failed);
        }
        return 0;
    }

    private String source() {
        return input.map(Path::toString).orElse("standard input");
    }

    private InputStream open() throws IOException {
        if (input.isEmpty()) {
            return System.in;
        }
        if (!Files.isRegularFile(input.get())) {
            throw SaveException.user("there is no file '" + input.get() + "' to score; --in wants JSON Lines");
        }
        return Files.newInputStream(input.get());
    }

    private long score(InputStream in, OutputStream out, RewardScorer scorer, Progress progress) throws IOException {
        long size = input.isPresent() ? Files.size(input.get()) : 0;
        List<Row> chunk = new ArrayList<>();
        long line = 0;
        long rows = 0;
        for (Optional<String> text = readLine(in); text.isPresent(); text = readLine(in)) {
            line++;
            if (!text.get().isBlank()) {
                chunk.add(row(text.get(), line));
                rows++;
            }
            if (chunk.size() == CHUNK) {
                write(chunk, scorer, out);
                if (size > 0) {
                    // The last per cent is what comes after the last whole chunk.
                    progress.advance("score", (int) Math.min(99, 100 * consumed / size), 100, rows + " answers");
                }
            }
        }
        if (rows == 0) {
            throw SaveException.user(
                    source() + " has no answers to score; expected JSON Lines with \"prompt\" and \"response\"");
        }
        write(chunk, scorer, out);
        return rows;
    }

    private void write(List<Row> chunk, RewardScorer scorer, OutputStream out) throws IOException {
        double[] rewards = scorer.score(chunk.stream().map(Row::item).toList());
        for (int i = 0; i < rewards.length; i++) {
            if (!Double.isFinite(rewards[i])) {
                throw SaveException.engine(source() + ", line " + chunk.get(i).line() + ": the reward is " + rewards[i]
                        + "; the weights of the model have diverged, so score with an earlier checkpoint");
            }
            ObjectNode json = chunk.get(i).json();
            json.put("reward", rewards[i]);
            out.write((json + "\n").getBytes(StandardCharsets.UTF_8));
        }
        out.flush();
        // Standard output keeps to itself what goes wrong with it.
        if (out instanceof PrintStream print && print.checkError()) {
            throw SaveException.resources("standard output takes no more answers: it is full or closed");
        }
        chunk.clear();
    }

    private Row row(String text, long line) {
        try {
            if (JsonMapper.shared().readTree(text) instanceof ObjectNode json) {
                for (String key : ANSWER_KEYS) {
                    JsonNode answer = json.path(key);
                    if (answer.isString() && json.path("prompt").isString()) {
                        return new Row(
                                line,
                                json,
                                new RewardScorer.Item(json.get("prompt").stringValue(), answer.stringValue()));
                    }
                }
                throw SaveException.user(source() + ", line " + line + ": expected the texts \"prompt\" and one of "
                        + ANSWER_KEYS + ", found the keys " + json.propertyNames());
            }
            throw SaveException.user(source() + ", line " + line + ": expected a JSON object");
        } catch (JacksonException malformed) {
            throw SaveException.user(
                    source() + ", line " + line + ": not valid JSON: " + malformed.getOriginalMessage(), malformed);
        }
    }

    /** Lines end at a line feed only; other Unicode line ends may stand inside a JSON text. */
    private Optional<String> readLine(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int next = in.read();
        if (next < 0) {
            return Optional.empty();
        }
        while (next >= 0 && next != '\n') {
            bytes.write(next);
            next = in.read();
        }
        consumed += bytes.size() + 1;
        return Optional.of(bytes.toString(StandardCharsets.UTF_8));
    }
}

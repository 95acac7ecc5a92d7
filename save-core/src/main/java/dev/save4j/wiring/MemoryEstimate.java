package dev.save4j.wiring;

import com.sun.management.OperatingSystemMXBean;
import dev.save4j.SaveException;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Engine;
import dev.save4j.engine.MemoryNeeds;
import dev.save4j.graph.TensorType;
import dev.save4j.loop.Grader;
import dev.save4j.loop.LoopEngines;
import dev.save4j.loop.TrainingData;
import dev.save4j.models.Backbone;
import dev.save4j.models.CausalBackbone;
import dev.save4j.report.Table;
import dev.save4j.run.Experiment;
import dev.save4j.tokenizers.Tokenizer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What an experiment takes of the machine's memory at most, estimated from the sizes of its models and batches before weights are loaded. Preparation and
 * modes follow one another; modes that run in parallel each have their own models.
 *
 * @param lines in the order of the models
 * @param parallel modes at the same time
 * @param machine bytes of memory that the machine, or the container, has
 */
public record MemoryEstimate(List<Line> lines, int parallel, long machine) {
    /** The virtual machine with its classes and a heap that is not collected before it must be. */
    private static final long JAVA = 600L << 20;

    /** When a part is there. */
    public enum Phase {
        ALWAYS("once"),
        PREPARATION("preparation"),
        MODE("each mode");

        private final String text;

        Phase(String text) {
            this.text = text;
        }
    }

    /** Something that takes memory. */
    public record Line(Phase phase, String model, String part, String engine, long bytes) {}

    public MemoryEstimate {
        lines = List.copyOf(lines);
    }

    static MemoryEstimate of(Experiment experiment, LoopEngines engines, TrainingData data) {
        OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new MemoryEstimate(
                new Sum(experiment, engines).lines(data), modesAtOnce(experiment), machine.getTotalMemorySize());
    }

    private static int modesAtOnce(Experiment experiment) {
        return Math.min(experiment.parallel(), experiment.modes().size());
    }

    /** Bytes at the peak. */
    public long total() {
        return sum(Phase.ALWAYS) + Math.max(sum(Phase.PREPARATION), parallel * sum(Phase.MODE));
    }

    private long sum(Phase phase) {
        return lines.stream()
                .filter(line -> line.phase() == phase)
                .mapToLong(Line::bytes)
                .sum();
    }

    /** A RESOURCES error with advice when the machine has less. */
    public void requireFit() {
        if (total() > machine) {
            Line largest = lines.stream()
                    .reduce((one, other) -> one.bytes() >= other.bytes() ? one : other)
                    .orElseThrow();
            throw SaveException.resources("the run would take about " + mebibytes(total())
                    + " MiB of memory, but this machine has "
                    + mebibytes(machine) + " MiB. The largest part is " + mebibytes(largest.bytes()) + " MiB for "
                    + largest.model() + ", " + largest.part() + ". " + advice(largest)
                    + " 'save4j run FILE --dry-run' shows every part.");
        }
    }

    private String advice(Line largest) {
        String smaller = largest.part().startsWith("numbers")
                ? "Lower policy.micro_batch, save.update.micro_batch, reward.training.micro_batch, policy.fine_tuning.batch or rollout.max_tokens."
                : largest.part().startsWith("cache")
                        ? "Lower rollout.slots or rollout.max_tokens."
                        : "Take a smaller model.";
        return (parallel > 1 ? "Run one mode after the other with parallel: 1. " : "") + smaller;
    }

    /** A row for each part, the sum and what the machine has. */
    public Table table() {
        List<List<String>> rows = new ArrayList<>();
        for (Line line : lines) {
            rows.add(List.of(line.model(), line.part(), line.engine(), line.phase().text, mebibytes(line.bytes())));
        }
        rows.add(List.of(
                "sum",
                parallel > 1 ? "at the peak, with " + parallel + " modes at once" : "at the peak",
                "",
                "",
                mebibytes(total())));
        rows.add(List.of("machine", "", "", "", mebibytes(machine)));
        return new Table(List.of("model", "what", "engine", "when", "MiB"), rows);
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%d", (bytes + (1 << 20) - 1) >> 20);
    }

    /** Of a backbone. */
    private record Sizes(long weights, double perToken, double attention) {
        /** @param parameters those that are read */
        static Sizes of(Backbone backbone, Map<String, TensorType> parameters) {
            long weights = 0;
            double perToken = 0;
            long products = 0;
            for (TensorType type : parameters.values()) {
                long[] shape = type.fixedShape();
                weights += LongStream.of(shape).reduce(1, Math::multiplyExact);
                boolean embedding = shape.length == 2 && shape[0] == backbone.vocabularySize();
                if (shape.length == 2 && !embedding) {
                    // What goes in and what comes out, whichever axis is which.
                    perToken += (shape[0] + shape[1]) / 2.0;
                    products++;
                }
            }
            JsonNode config = backbone.config();
            // Files that do not say it: heads of 64, and six products in a layer.
            long heads = number(config, Math.max(1, backbone.hiddenSize() / 64), "num_attention_heads", "n_head");
            long layers = number(config, Math.max(1, products / 6), "num_hidden_layers", "n_layer");
            return new Sizes(weights, perToken, heads * layers);
        }

        private static long number(JsonNode config, long otherwise, String... names) {
            return Stream.of(names)
                    .map(config::path)
                    .filter(JsonNode::isIntegralNumber)
                    .map(JsonNode::longValue)
                    .findFirst()
                    .orElse(otherwise);
        }

        /** Numbers that a batch of sequences makes. */
        double numbers(int sequences, int length, long vocabulary) {
            return (double) sequences * length * (perToken + attention * length + vocabulary);
        }
    }

    /** Adds up the parts. */
    private static final class Sum {
        private final Experiment experiment;
        private final LoopEngines engines;
        private final List<Line> lines = new ArrayList<>();

        Sum(Experiment experiment, LoopEngines engines) {
            this.experiment = experiment;
            this.engines = engines;
        }

        List<Line> lines(TrainingData data) {
            add(Phase.ALWAYS, "all", "Java and its heap", "", JAVA);
            Map<String, Long> libraries = new LinkedHashMap<>();
            for (Engine engine : List.of(engines.rollout(), engines.scoring(), engines.gradient())) {
                libraries.merge(engine.name(), engine.memoryNeeds().library(), Math::max);
            }
            libraries.forEach((engine, bytes) -> add(Phase.ALWAYS, "all", "native libraries", engine, bytes));
            RunModels models = new RunModels(experiment);
            int length;
            try (Tokenizer words = models.policyTokenizer()) {
                CausalBackbone policy = models.policyBackbone(words);
                length = Math.min(
                        policy.maxLength(),
                        longest(data, words) + experiment.rollout().maxTokens());
                policy(policy, length);
            }
            try (Tokenizer words = models.rewardTokenizer()) {
                Backbone reward = models.rewardBackbone(words);
                reward(reward, Math.min(Math.min(experiment.reward().maxLength(), reward.maxLength()), length));
            }
            return lines;
        }

        private static int longest(TrainingData data, Tokenizer words) {
            return Stream.concat(data.prompts().stream(), data.evaluationPrompts().stream())
                    .mapToInt(prompt -> words.encode(prompt).length)
                    .max()
                    .orElse(0);
        }

        private void policy(CausalBackbone backbone, int length) {
            Sizes sizes = Sizes.of(backbone, backbone.parameters());
            long vocabulary = backbone.vocabularySize();
            MemoryNeeds samples =
                    engines.rollout().memoryNeeds(experiment.engines().rolloutWeights());
            MemoryNeeds trains = engines.gradient().memoryNeeds();
            String sampler = engines.rollout().name();
            String trainer = engines.gradient().name();
            add(Phase.MODE, "policy", "weights, trained and as at the start", "", 2 * Float.BYTES * sizes.weights());
            add(Phase.MODE, "policy", "weights packed for sampling", sampler, sizes.weights() * samples.perWeight());
            DecoderGraph decoder = backbone.decoder(length);
            int slots = experiment.rollout().slots();
            double cache = 2.0 * decoder.layers() * decoder.kvHeads() * decoder.headSize() * length + vocabulary;
            add(
                    Phase.MODE,
                    "policy",
                    "cache of " + slots + " sequences of " + length,
                    sampler,
                    Float.BYTES * cache * slots);
            scoring(Phase.MODE, "policy", sizes.numbers(Grader.BATCH, length, vocabulary), length);
            add(Phase.MODE, "policy", "gradients and moments", trainer, sizes.weights() * trains.perWeight());
            numbers(Phase.MODE, "policy", sizes, experiment.policy().microBatch(), length, vocabulary);
            Experiment.FineTuning tuning = experiment.policy().fineTuning();
            if (tuning.steps() > 0) {
                add(
                        Phase.PREPARATION,
                        "policy",
                        "weights, gradients and moments",
                        trainer,
                        sizes.weights() * (Float.BYTES + trains.perWeight()));
                numbers(Phase.PREPARATION, "policy", sizes, tuning.batch(), length, vocabulary);
            }
        }

        private void reward(Backbone backbone, int length) {
            Sizes sizes = Sizes.of(backbone, backbone.trunkParameters());
            MemoryNeeds trains = engines.gradient().memoryNeeds();
            String trainer = engines.gradient().name();
            add(
                    Phase.MODE,
                    "reward model",
                    "weights, trained and as at the start",
                    "",
                    2 * Float.BYTES * sizes.weights());
            scoring(Phase.MODE, "reward model", sizes.numbers(Grader.BATCH, length, 0), length);
            boolean learns = experiment.modes().stream().anyMatch(mode -> mode != Experiment.Mode.STATIC);
            if (learns) {
                add(Phase.MODE, "reward model", "gradients and moments", trainer, sizes.weights() * trains.perWeight());
                numbers(
                        Phase.MODE,
                        "reward model",
                        sizes,
                        experiment.save().update().microBatch(),
                        length,
                        0);
                if (experiment.save().gate().every() > 0) {
                    add(
                            Phase.MODE,
                            "reward model",
                            "the last good one, for the gate",
                            "",
                            3 * Float.BYTES * sizes.weights());
                }
            }
            if (experiment.reward().training().epochs() > 0) {
                add(
                        Phase.PREPARATION,
                        "reward model",
                        "weights, gradients and moments",
                        trainer,
                        sizes.weights() * (2 * Float.BYTES + trains.perWeight()));
                numbers(
                        Phase.PREPARATION,
                        "reward model",
                        sizes,
                        2 * experiment.reward().training().microBatch(),
                        length,
                        0);
            }
        }

        private void scoring(Phase phase, String model, double numbers, int length) {
            String batch = "numbers of scoring " + Grader.BATCH + " sequences of " + length;
            add(
                    phase,
                    model,
                    batch,
                    engines.scoring().name(),
                    numbers * engines.scoring().memoryNeeds().perNumber());
        }

        private void numbers(Phase phase, String model, Sizes sizes, int sequences, int length, long vocabulary) {
            add(
                    phase,
                    model,
                    "numbers of a micro-batch of " + sequences + " sequences of " + length,
                    engines.gradient().name(),
                    sizes.numbers(sequences, length, vocabulary)
                            * engines.gradient().memoryNeeds().perNumber());
        }

        private void add(Phase phase, String model, String part, String engine, double bytes) {
            lines.add(new Line(phase, model, part, engine, (long) bytes));
        }
    }
}

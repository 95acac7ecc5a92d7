package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.loop.RewardScorer;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.RewardModel;
import dev.save4j.tokenizers.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A reward model on an inference engine. Prompt and response are put together as {@code save4j reward train} does: without a chat template. What is too long
 * is cut and counted.
 */
public final class ModelScorer implements Scorer {
    private static final String TEMPLATE = "plain";

    private final String name;
    private final Map<String, String> facts = new TreeMap<>();
    private final Tokenizer tokenizer;
    private final RewardScorer scorer;

    /**
     * Opens a model.
     *
     * @param maxLength tokens of prompt and response together, at most what the model has
     * @throws SaveException USER when the folder has no reward head or no tokenizer, or when the tokenizer would begin every text twice
     */
    public ModelScorer(
            String name,
            ModelFolder folder,
            InferenceEngine engine,
            String engineName,
            EngineSettings settings,
            int maxLength,
            int batch) {
        this.name = name;
        RewardModel model = RewardModel.load(folder);
        facts.put("folder", folder.path().toString());
        facts.put("backbone", model.backbone().family());
        facts.put("engine", engineName);
        facts.put("template", TEMPLATE);
        facts.put(
                "max_length",
                String.valueOf(Math.min(maxLength, model.backbone().maxLength())));
        facts.put("model_sha256", hash(folder.path(), file -> !ofTokenizer(file)));
        facts.put("tokenizer_sha256", hash(folder.path(), ModelScorer::ofTokenizer));
        tokenizer = folder.tokenizer();
        try {
            if (model.backbone().causal()) {
                refuseTwoBeginnings(folder, tokenizer);
            }
            scorer = new RewardScorer(model, tokenizer, maxLength, engine, settings, batch);
        } catch (RuntimeException failed) {
            tokenizer.close();
            throw failed;
        }
    }

    private static void refuseTwoBeginnings(ModelFolder folder, Tokenizer tokenizer) {
        int[] ids = tokenizer.encode("a", false);
        if (tokenizer.beginOfText().isPresent()
                && ids.length > 0
                && ids[0] == tokenizer.beginOfText().getAsInt()) {
            throw SaveException.user("the tokenizer of " + folder.path()
                    + " puts the begin-of-text token before every piece of text, so that a prompt would begin twice;"
                    + " remove it from the post-processor in tokenizer.json");
        }
    }

    private static boolean ofTokenizer(Path file) {
        String name = file.getFileName().toString();
        return Stream.of("tokenizer", "vocab", "merges", "special_tokens", "added_tokens")
                .anyMatch(name::startsWith);
    }

    private static String hash(Path folder, Predicate<Path> which) {
        try (Stream<Path> all = Files.walk(folder, 2)) {
            MessageDigest digest = ScoreRequest.sha256();
            for (Path file :
                    all.filter(Files::isRegularFile).filter(which).sorted().toList()) {
                ScoreRequest.add(digest, folder.relativize(file).toString());
                try (InputStream in = Files.newInputStream(file)) {
                    byte[] buffer = new byte[1 << 16];
                    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                        digest.update(buffer, 0, read);
                    }
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException failed) {
            throw SaveException.resources("cannot read the model " + folder + ": " + failed, failed);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> identity() {
        return Optional.of(String.join(
                "\n",
                List.of(
                        facts.getOrDefault("model_sha256", ""),
                        facts.getOrDefault("tokenizer_sha256", ""),
                        TEMPLATE,
                        facts.getOrDefault("max_length", ""))));
    }

    @Override
    public Map<String, String> facts() {
        return Map.copyOf(facts);
    }

    @Override
    public List<Score> score(List<ScoreRequest> requests) {
        return scorer
                .grade(requests.stream()
                        .map(request -> new RewardScorer.Item(request.promptText(), request.response()))
                        .toList())
                .stream()
                .map(graded -> new Score(graded.reward(), graded.cut(), ""))
                .toList();
    }

    @Override
    public void close() {
        scorer.close();
        tokenizer.close();
    }
}

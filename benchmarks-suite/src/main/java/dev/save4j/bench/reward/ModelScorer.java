package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatChoice;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.loop.RewardScorer;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.ScoringModel;
import dev.save4j.tokenizers.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A reward model on an inference engine. A model that came with a chat template gets prompt and response as turns of it. What is too long is cut and counted.
 */
public final class ModelScorer implements Scorer {
    private static final String PLAIN = "none";

    private final String name;
    private final Map<String, String> facts = new TreeMap<>();
    private final List<String> notes = new ArrayList<>();
    private final Tokenizer tokenizer;
    private final RewardScorer scorer;

    /**
     * Opens a model.
     *
     * @param label of a classifier, see {@link ScoringModel#load}
     * @param chat which template its texts get; left to the model, one that save4j has trained gets none, because it was trained without, and another that
     *     reads prompt and answer as one text must have one
     * @param maxLength tokens of prompt and response together, at most what the model has
     * @throws SaveException USER when the folder has no reward head, no tokenizer or not the template that is asked for or needed, or when texts would begin twice
     */
    public ModelScorer(
            String name,
            ModelFolder folder,
            Optional<String> label,
            ChatChoice chat,
            InferenceEngine engine,
            String engineName,
            EngineSettings settings,
            int maxLength,
            int batch) {
        this.name = name;
        ScoringModel model = ScoringModel.load(folder, label, maxLength);
        facts.put("folder", folder.path().toString());
        facts.put("backbone", model.family());
        facts.put("engine", engineName);
        facts.put("score", model.rule());
        Optional<ChatTemplate> template = template(folder, model, chat);
        facts.put("template", template.map(ChatTemplate::name).orElse(PLAIN));
        facts.put("template_sha256", template.map(ModelScorer::hash).orElse(PLAIN));
        facts.put("max_length", String.valueOf(Math.min(maxLength, model.maxLength())));
        facts.put("model_sha256", hash(folder.path(), file -> !ofTokenizer(file)));
        facts.put("tokenizer_sha256", hash(folder.path(), ModelScorer::ofTokenizer));
        tokenizer = folder.tokenizer();
        try {
            scorer = new RewardScorer(model, tokenizer, template, maxLength, engine, settings, batch);
        } catch (RuntimeException failed) {
            tokenizer.close();
            throw failed;
        }
    }

    private Optional<ChatTemplate> template(ModelFolder folder, ScoringModel model, ChatChoice chat) {
        if (!chat.isAuto()) {
            return chat.of(folder.path());
        }
        if (!model.causal()) {
            return Optional.empty();
        }
        Optional<ChatTemplate> own = chat.of(folder.path());
        // save4j writes how a reward model pools, Transformers does not.
        boolean trainedPlain = folder.config().has("pooling");
        if (own.isEmpty() && !trainedPlain) {
            throw SaveException.user("the model " + folder.path() + " has no chat template, so that nothing says in"
                    + " which form it was trained to read prompt and answer: give the template with --chat FILE, or"
                    + " score them as plain text with --chat none");
        }
        if (own.isPresent() && trainedPlain) {
            notes.add("the folder has a chat template, but save4j has trained the model without; --chat model uses it");
            return Optional.empty();
        }
        return own;
    }

    static String hash(ChatTemplate template) {
        MessageDigest digest = ScoreRequest.sha256();
        ScoreRequest.add(digest, template.source());
        return HexFormat.of().formatHex(digest.digest());
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
                        facts.getOrDefault("template_sha256", ""),
                        facts.getOrDefault("engine", ""),
                        facts.getOrDefault("score", ""),
                        facts.getOrDefault("max_length", ""))));
    }

    @Override
    public Map<String, String> facts() {
        return Map.copyOf(facts);
    }

    @Override
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** A text that the chat template or the tokenizer refuses has no score; halves find it, before anything is computed. */
    @Override
    public List<Score> score(List<ScoreRequest> requests) {
        try {
            return graded(requests);
        } catch (SaveException refused) {
            if (refused.kind() != SaveException.Kind.USER) {
                throw refused;
            }
            if (requests.size() == 1) {
                return List.of(Score.missing(refused.getMessage()));
            }
            int half = requests.size() / 2;
            List<Score> scores = new ArrayList<>(score(requests.subList(0, half)));
            scores.addAll(score(requests.subList(half, requests.size())));
            return scores;
        }
    }

    private List<Score> graded(List<ScoreRequest> requests) {
        return scorer
                .grade(requests.stream()
                        .map(request -> new RewardScorer.Item(request.prompt(), request.response()))
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

package dev.save4j.wiring;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.lab.TaleVocabulary;
import dev.save4j.models.Backbone;
import dev.save4j.models.Backbones;
import dev.save4j.models.CausalBackbone;
import dev.save4j.models.Gpt2;
import dev.save4j.models.Gpt2Config;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.run.Experiment;
import dev.save4j.tensor.SafeTensors;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import dev.save4j.tokenizers.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Opens, makes and saves the models of a run. */
final class RunModels {
    private static final String CONFIG = "config.json";

    private RunModels() {}

    static Tokenizer policyTokenizer(Experiment experiment) {
        return tokenizer(
                "policy", experiment.policy().tokenizer(), experiment.policy().model(), experiment);
    }

    static Tokenizer rewardTokenizer(Experiment experiment) {
        return tokenizer(
                "reward", experiment.reward().tokenizer(), experiment.reward().model(), experiment);
    }

    /** The one that is named, the one beside the model, or the words of the lab. */
    private static Tokenizer tokenizer(
            String of, Optional<String> named, Optional<String> model, Experiment experiment) {
        Optional<String> place = named.isPresent() ? named : model;
        if (place.isPresent()) {
            return Tokenizers.open(Path.of(place.get()));
        }
        if (experiment.data().lab().isPresent()) {
            List<String> words = TaleVocabulary.standard().words();
            return new WordTokenizer(words.subList(TaleVocabulary.EOS + 1, words.size()));
        }
        throw SaveException.user(
                "a model that is made here needs a tokenizer: set " + of + ".tokenizer to a folder that has one");
    }

    /** The policy with which a run begins, before fine-tuning. */
    static PolicyModel policy(Experiment experiment, Tokenizer tokenizer) {
        Experiment.Policy settings = experiment.policy();
        if (settings.model().isPresent()) {
            return openPolicy(Path.of(settings.model().get()));
        }
        CausalBackbone backbone = create(settings.backbone(), settings.size(), tokenizer.vocabularySize());
        return new PolicyModel(backbone, Backbones.initialize(backbone, experiment.seed()));
    }

    static PolicyModel openPolicy(Path folder) {
        CausalBackbone backbone = Backbones.fromConfig(config(folder));
        return new PolicyModel(backbone, SafeTensors.read(folder, backbone.parameters()::containsKey));
    }

    /** The reward model with which a run begins, before training. */
    static RewardModel reward(Experiment experiment, Tokenizer tokenizer) {
        Experiment.Reward settings = experiment.reward();
        if (settings.model().isPresent()) {
            return openReward(Path.of(settings.model().get()), settings, experiment.seed());
        }
        Backbone backbone = create(settings.backbone(), settings.size(), tokenizer.vocabularySize());
        WeightStore weights = Backbones.initialize(backbone, experiment.seed() + 1);
        return new RewardModel(
                backbone,
                settings.pooling(),
                Head.create(EnumSet.allOf(Head.class), weights, backbone.hiddenSize(), experiment.seed() + 1, 0));
    }

    static RewardModel openReward(Path folder, Experiment.Reward settings, long seed) {
        Backbone backbone = Backbones.fromConfig(config(folder));
        WeightStore stored = SafeTensors.read(folder);
        Set<Head> missing = EnumSet.noneOf(Head.class);
        for (Head head : Head.values()) {
            if (!head.isIn(stored)) {
                missing.add(head);
            }
        }
        WeightStore weights = settings.newHeads() && !missing.isEmpty()
                ? Head.create(missing, stored, backbone.hiddenSize(), seed, 0)
                : stored;
        return new RewardModel(backbone, settings.pooling(), weights);
    }

    private static CausalBackbone create(String family, Experiment.Size size, int vocabulary) {
        return switch (family) {
            case "llama" ->
                new Llama(new LlamaConfig(
                        family,
                        vocabulary,
                        size.hiddenSize(),
                        size.intermediateSize(),
                        size.layers(),
                        size.heads(),
                        size.kvHeads(),
                        size.hiddenSize() / size.heads(),
                        size.maxLength(),
                        1e-5,
                        10_000,
                        true,
                        false,
                        false,
                        false,
                        false,
                        0.02));
            case "gpt2" ->
                new Gpt2(
                        Gpt2Config.small(vocabulary, size.hiddenSize(), size.layers(), size.heads(), size.maxLength()));
            default ->
                throw SaveException.user("a new model can be of backbone llama or gpt2, not '" + family
                        + "'; name a model folder to use another");
        };
    }

    private static JsonNode config(Path folder) {
        Path file = folder.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw SaveException.user("'" + folder + "' is not a model folder: it has no " + CONFIG);
        }
        try {
            return JsonMapper.shared().readTree(Files.readString(file));
        } catch (IOException | JacksonException damaged) {
            throw SaveException.user("'" + file + "' cannot be read: " + damaged.getMessage(), damaged);
        }
    }

    static void save(PolicyModel policy, Tokenizer tokenizer, Path folder) {
        save(policy.backbone(), policy.weights(), tokenizer, folder);
    }

    static void save(RewardModel reward, Tokenizer tokenizer, Path folder) {
        save(reward.backbone(), reward.weights(), tokenizer, folder);
    }

    private static void save(Backbone backbone, WeightStore weights, Tokenizer tokenizer, Path folder) {
        AtomicFiles.writeFolder(folder, into -> {
            AtomicFiles.write(into.resolve(CONFIG), backbone.config().toPrettyString() + "\n");
            SafeTensors.write(weights, into.resolve(SafeTensors.FILE_NAME));
            tokenizer.writeTo(into);
        });
    }
}

package dev.save4j.wiring;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.lab.TaleVocabulary;
import dev.save4j.loop.LoopEngines;
import dev.save4j.models.Backbone;
import dev.save4j.models.Backbones;
import dev.save4j.models.CausalBackbone;
import dev.save4j.models.Gpt2;
import dev.save4j.models.Gpt2Config;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.ModelCache;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.OnnxDecoder;
import dev.save4j.models.OnnxFile;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.objectives.BradleyTerry;
import dev.save4j.objectives.Composition;
import dev.save4j.run.Experiment;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import dev.save4j.tokenizers.WordTokenizer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Opens or makes the models with which a run begins, as an experiment names them: a model folder, a model of the cache, or a size. */
final class RunModels {
    private static final String ONNX_FILE = "onnx-file";

    private final Experiment experiment;
    private final ModelCache cache = ModelCache.ofUser();

    RunModels(Experiment experiment) {
        this.experiment = experiment;
    }

    Tokenizer policyTokenizer() {
        return tokenizer(
                "policy", experiment.policy().tokenizer(), experiment.policy().model());
    }

    Tokenizer rewardTokenizer() {
        return tokenizer(
                "reward", experiment.reward().tokenizer(), experiment.reward().model());
    }

    /** The one that is named, the one of the model, or the words of the lab. */
    private Tokenizer tokenizer(String of, Optional<String> named, Optional<String> model) {
        if (named.isPresent()) {
            return Tokenizers.open(Path.of(named.get()));
        }
        if (model.isPresent()) {
            return cache.locate(model.get()).tokenizer();
        }
        if (experiment.data().lab().isPresent()) {
            List<String> words = TaleVocabulary.standard().words();
            return new WordTokenizer(words.subList(TaleVocabulary.EOS + 1, words.size()));
        }
        throw SaveException.user(
                "a model that is made here needs a tokenizer: set " + of + ".tokenizer to a folder that has one");
    }

    /** Opens everything once; a USER error says what is missing, does not fit, or cannot be run by the engines. */
    void check(LoopEngines engines) {
        try (Tokenizer words = policyTokenizer()) {
            requireEngines(policy(words), engines);
        }
        try (Tokenizer words = rewardTokenizer()) {
            RewardModel model = reward(words);
            if (!model.hasValueHead()) {
                throw SaveException.user(
                        "reward.model has no value head 'value.weight', which the loop needs; set reward.new_heads: true to make one");
            }
            requireEngines(model, engines.gradient(), engines.scoring(), engines.settings());
        }
    }

    /** What never changes comes first: its device is the one that was asked for. */
    private void requireEngines(PolicyModel policy, LoopEngines engines) {
        if (!engines.frozen().device().equals(engines.settings().device())) {
            engines.scoring()
                    .open(
                            policy.logProbGraph(experiment.rollout().temperature()),
                            policy.weights(),
                            WeightBinding.PREPACKED,
                            engines.frozen())
                    .close();
        }
        int length = Math.min(policy.backbone().maxLength(), experiment.longestSequence());
        engines.rollout()
                .open(policy.decoder(length), policy.weights(), 1, engines.settings())
                .close();
    }

    /** A USER error names the operator, its node and the engine when an engine cannot score or train the model. */
    static void requireEngines(
            RewardModel model, GradientEngine gradient, InferenceEngine scoring, EngineSettings machine) {
        Graph graph = model.rewardGraph();
        scoring.open(graph, model.weights(), WeightBinding.LIVE, machine).close();
        Graph loss = Composition.of(graph, new BradleyTerry(0));
        gradient.open(model.weights(), List.of(loss), Optimization.DEFAULT, machine)
                .close();
    }

    /** The architecture of the policy; loads weights only where they say it. */
    CausalBackbone policyBackbone(Tokenizer tokenizer) {
        Experiment.Policy settings = experiment.policy();
        if (settings.model().isEmpty()) {
            return create("policy", settings.backbone(), settings.size(), tokenizer.vocabularySize());
        }
        ModelFolder folder = cache.locate(settings.model().get());
        return folder.hasCheckpoint()
                ? Backbones.fromConfig(folder.config())
                : PolicyModel.load(folder).backbone();
    }

    /** The architecture of the reward model; loads weights only where they say it. */
    Backbone rewardBackbone(Tokenizer tokenizer) {
        Experiment.Reward settings = experiment.reward();
        if (settings.model().isEmpty()) {
            return create("reward", settings.backbone(), settings.size(), tokenizer.vocabularySize());
        }
        ModelFolder folder = cache.locate(settings.model().get());
        return folder.hasCheckpoint()
                ? Backbones.fromConfig(folder.config())
                : RewardModel.load(folder, settings.pooling(), EnumSet.allOf(Head.class), experiment.seed())
                        .backbone();
    }

    /** The policy before fine-tuning. */
    PolicyModel policy(Tokenizer tokenizer) {
        Experiment.Policy settings = experiment.policy();
        PolicyModel policy;
        if (settings.model().isPresent()) {
            policy = PolicyModel.load(cache.locate(settings.model().get()));
            requireFamily("policy", settings.backbone(), policy.backbone());
        } else {
            CausalBackbone backbone =
                    create("policy", settings.backbone(), settings.size(), tokenizer.vocabularySize());
            policy = new PolicyModel(backbone, Backbones.initialize(backbone, experiment.seed()));
        }
        requireVocabulary("policy", policy.backbone(), tokenizer);
        return policy.forSequences(experiment.longestSequence());
    }

    /** The reward model before training. */
    RewardModel reward(Tokenizer tokenizer) {
        Experiment.Reward settings = experiment.reward();
        RewardModel reward;
        if (settings.model().isPresent()) {
            Set<Head> heads = settings.newHeads() ? EnumSet.allOf(Head.class) : EnumSet.noneOf(Head.class);
            reward = RewardModel.load(
                    cache.locate(settings.model().get()), settings.pooling(), heads, experiment.seed());
            requireFamily("reward", settings.backbone(), reward.backbone());
        } else {
            Backbone backbone = create("reward", settings.backbone(), settings.size(), tokenizer.vocabularySize());
            // Another seed than the policy's, or both would start from the same weights.
            long seed = experiment.seed() + 1;
            WeightStore weights = Head.create(
                    EnumSet.allOf(Head.class), Backbones.initialize(backbone, seed), backbone.hiddenSize(), seed, 0);
            reward = new RewardModel(backbone, settings.pooling().orElse(Pooling.LAST_TOKEN), weights);
        }
        requireVocabulary("reward", reward.backbone(), tokenizer);
        return reward.forSequences(settings.maxLength());
    }

    private static CausalBackbone create(String of, String family, Experiment.Size size, int vocabulary) {
        return switch (family) {
            case "llama" ->
                new Llama(LlamaConfig.small(
                        vocabulary,
                        size.hiddenSize(),
                        size.layers(),
                        size.heads(),
                        size.kvHeads(),
                        size.intermediateSize(),
                        size.maxLength()));
            case "gpt2" ->
                new Gpt2(
                        Gpt2Config.small(vocabulary, size.hiddenSize(), size.layers(), size.heads(), size.maxLength()));
            default ->
                throw SaveException.user(of + ".backbone: a new model can be llama or gpt2, not '" + family + "'; set "
                        + of + ".model to a model folder to use another");
        };
    }

    /** The name of a backbone in experiments. */
    static String family(Backbone backbone) {
        return backbone instanceof OnnxFile || backbone instanceof OnnxDecoder ? ONNX_FILE : backbone.family();
    }

    private static void requireFamily(String of, String named, Backbone backbone) {
        String family = family(backbone);
        if (!family.equals(named)) {
            throw SaveException.user(of + ".backbone is '" + named + "', but " + of + ".model is a model of backbone '"
                    + family + "'; set " + of + ".backbone to '" + family + "' if this is the model you mean");
        }
    }

    private static void requireVocabulary(String of, Backbone backbone, Tokenizer tokenizer) {
        if (tokenizer.vocabularySize() > backbone.vocabularySize()) {
            throw SaveException.user(
                    "the tokenizer of the " + of + " has " + tokenizer.vocabularySize() + " tokens, but the model only "
                            + backbone.vocabularySize() + "; they do not belong together: set " + of + ".tokenizer");
        }
    }
}

package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reward models and policies as model folders. */
final class SavedModels {
    private static final String POOLING = "pooling";
    private static final String MODEL_FILE = "model_file";
    private static final String ONNX_NAME = "model.onnx";

    /** Names of the classes of Transformers, up to what follows {@code For}. */
    private static final Map<String, String> CLASSES =
            Map.of("llama", "Llama", "mistral", "Mistral", "qwen2", "Qwen2", "qwen3", "Qwen3", "gpt2", "GPT2");

    /** Above it the weights are written beside the ONNX file, which holds less than 2 GiB. */
    private static final long INSIDE = 1L << 30;

    private SavedModels() {}

    static RewardModel loadReward(ModelFolder folder, Optional<Pooling> wanted, Set<Head> newHeads, long seed) {
        JsonNode config = folder.config();
        Backbone backbone;
        WeightStore weights;
        if (folder.hasCheckpoint()) {
            backbone = Backbones.fromConfig(config);
            Map<String, TensorType> all = new LinkedHashMap<>(backbone.trunkParameters());
            for (Head head : Head.values()) {
                all.putAll(head.parameters(backbone.hiddenSize()));
            }
            Set<String> languageModel = new LinkedHashSet<>(Set.of(Llama.HEAD));
            weights = CheckpointFit.take(all, languageModel, folder.weights());
        } else {
            Path file = folder.requireOnnx();
            OnnxModel stored = OnnxCodec.read(file);
            if (OnnxDecoder.describes(stored.graph())) {
                OnnxDecoder.Opened opened = OnnxDecoder.open(stored, file, config);
                backbone = opened.backbone();
                weights = opened.weights();
            } else {
                OnnxFile.Opened opened = OnnxFile.open(stored, file, config);
                backbone = opened.backbone();
                weights = opened.weights();
            }
        }
        Set<Head> missing = new LinkedHashSet<>(newHeads);
        WeightStore present = weights;
        missing.removeIf(head -> head.isIn(present));
        if (!missing.isEmpty()) {
            weights = Head.create(missing, weights, backbone.hiddenSize(), seed, 0);
        }
        Backbone loaded = backbone;
        return new RewardModel(backbone, wanted.orElseGet(() -> pooling(config, loaded, folder)), weights);
    }

    private static Pooling pooling(JsonNode config, Backbone backbone, ModelFolder folder) {
        JsonNode said = config.path(POOLING);
        for (Pooling pooling : Pooling.values()) {
            if (said.isString() && word(pooling).equals(said.stringValue())) {
                return pooling;
            }
        }
        if (said.isMissingNode() && backbone.causal()) {
            return Pooling.LAST_TOKEN;
        }
        throw SaveException.user(folder.path().resolve("config.json") + ": 'pooling' is "
                + (said.isMissingNode() ? "missing" : said)
                + "; expected last_token, mean or cls, and a model that is not causal must name one");
    }

    private static String word(Pooling pooling) {
        return pooling.name().toLowerCase(Locale.ROOT);
    }

    static PolicyModel loadPolicy(ModelFolder folder) {
        if (!folder.hasCheckpoint() && folder.onnx().isPresent()) {
            OnnxDecoder.Opened opened = OnnxDecoder.open(folder.requireOnnx(), folder.config());
            return new PolicyModel(opened.backbone(), opened.weights());
        }
        CausalBackbone backbone = Backbones.fromConfig(folder.config());
        Set<String> otherHeads = new LinkedHashSet<>(Set.of(Llama.HEAD));
        for (Head head : Head.values()) {
            otherHeads.addAll(head.parameters(backbone.hiddenSize()).keySet());
        }
        return new PolicyModel(backbone, CheckpointFit.take(backbone.parameters(), otherHeads, folder.weights()));
    }

    static ModelFolder save(PolicyModel policy, Path target, AtomicFiles.FolderContent tokenizer) {
        ObjectNode config = policy.backbone().config();
        if (policy.backbone() instanceof OnnxDecoder decoder) {
            config.put(MODEL_FILE, ONNX_NAME);
            return ModelFolder.write(target, config, folder -> {
                writeOnnx(decoder.graph(), policy.weights(), folder.resolve(ONNX_NAME));
                tokenizer.writeTo(folder);
            });
        }
        architecture(config, policy.backbone().family().equals("gpt2") ? "LMHeadModel" : "ForCausalLM");
        return ModelFolder.write(target, config, policy.weights(), tokenizer);
    }

    static ModelFolder save(RewardModel reward, Path target, AtomicFiles.FolderContent tokenizer) {
        ObjectNode config = reward.backbone().config();
        config.put(POOLING, word(reward.pooling()));
        Optional<String> hidden = hiddenOutput(reward.backbone());
        if (hidden.isPresent()) {
            config.put(MODEL_FILE, ONNX_NAME);
            if (reward.backbone() instanceof OnnxDecoder decoder) {
                // The file has hidden states instead of logits and no cache.
                config.put("causal", true);
                config.put("max_position_embeddings", decoder.maxLength());
            }
            return ModelFolder.write(target, config, folder -> {
                writeOnnx(rewardFile(reward, hidden.get()), reward.weights(), folder.resolve(ONNX_NAME));
                tokenizer.writeTo(folder);
            });
        }
        architecture(config, "ForSequenceClassification");
        // One label makes the classifier of Transformers a regressor with one score.
        config.putObject("id2label").put("0", "LABEL_0");
        config.putObject("label2id").put("LABEL_0", 0);
        return ModelFolder.write(target, config, reward.weights(), tokenizer);
    }

    private static void architecture(ObjectNode config, String suffix) {
        String prefix = CLASSES.get(config.path("model_type").stringValue());
        if (prefix != null) {
            config.putArray("architectures").add(prefix + suffix);
        }
        // Weights are written as they are held.
        config.remove("dtype");
        config.put("torch_dtype", "float32");
    }

    /** The output for the hidden states in the file of a backbone that came as one. */
    private static Optional<String> hiddenOutput(Backbone backbone) {
        return backbone instanceof OnnxFile file
                ? Optional.of(file.hiddenOutput())
                : backbone instanceof OnnxDecoder ? Optional.of("last_hidden_state") : Optional.empty();
    }

    /** The backbone with the heads behind its hidden states, for any ONNX runtime. */
    private static Graph rewardFile(RewardModel reward, String hiddenOutput) {
        Backbone backbone = reward.backbone();
        if (backbone instanceof OnnxFile file && file.hasTokenTypes()) {
            backbone = file.withTokenTypes();
        }
        GraphBuilder graph = new GraphBuilder(backbone.family() + "-reward");
        Value ids = graph.input("input_ids", ElementType.INT64, "batch", "sequence");
        Value mask = graph.input("attention_mask", ElementType.INT64, "batch", "sequence");
        Value hidden = backbone.hidden(graph, ids, mask);
        Value pooled = reward.pooling().pool(graph, hidden, mask);
        graph.output(hiddenOutput, hidden);
        graph.output("reward", Head.REWARD.apply(graph, pooled, backbone.hiddenSize()));
        if (reward.hasValueHead()) {
            graph.output("value", Head.VALUE.apply(graph, pooled, backbone.hiddenSize()));
        }
        return graph.build();
    }

    /** With the weights of now. */
    private static void writeOnnx(Graph graph, WeightStore weights, Path file) {
        try (WeightStore.Lease lease = weights.reading()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            graph.parameters().keySet().forEach(name -> tensors.put(name, weights.get(name)));
            OnnxModel model = OnnxModel.of(graph, tensors);
            if (weights.parameterCount() * Float.BYTES > INSIDE) {
                OnnxCodec.writeWithExternalData(model, file);
            } else {
                OnnxCodec.write(model, file);
            }
        }
    }
}

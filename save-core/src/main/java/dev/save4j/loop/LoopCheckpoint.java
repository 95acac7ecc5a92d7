package dev.save4j.loop;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.algorithms.Gate;
import dev.save4j.algorithms.ScoreScale;
import dev.save4j.engine.OptimizerState;
import dev.save4j.tensor.SafeTensors;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The state of a loop between two steps, in a folder of its own that appears complete or not at all: the weights of both models, the optimizers, the
 * last good reward model, and {@code state.json}.
 */
final class LoopCheckpoint {
    private static final String POLICY = "policy.safetensors";
    private static final String REWARD = "reward.safetensors";
    private static final String GOOD = "good-reward.safetensors";
    private static final String STATE = "state.json";
    private static final String OPTIMIZER = "-optimizer.safetensors";

    private LoopCheckpoint() {}

    /** What a loop knows beside the weights. */
    record State(OptimizerState policy, RewardImprovement.State reward) {}

    static void write(Path folder, LoopModels models, State state) {
        AtomicFiles.writeFolder(folder, into -> {
            SafeTensors.write(models.policy().weights(), into.resolve(POLICY));
            SafeTensors.write(models.reward().weights(), into.resolve(REWARD));
            write(state.policy(), into.resolve("policy" + OPTIMIZER));
            RewardImprovement.State reward = state.reward();
            write(reward.updater(), into.resolve("reward" + OPTIMIZER));
            write(reward.value(), into.resolve("value" + OPTIMIZER));
            ObjectNode json = JsonMapper.shared().createObjectNode();
            json.put("rollbacks", reward.rollbacks());
            reward.startScale().ifPresent(scale -> {
                json.put("start_mean", scale.mean());
                json.put("start_spread", scale.spread());
            });
            if (reward.good().isPresent()) {
                Guard.Good good = reward.good().get();
                SafeTensors.write(good.weights(), into.resolve(GOOD));
                write(good.state(), into.resolve("good-reward" + OPTIMIZER));
                StringBuilder correct = new StringBuilder();
                for (boolean one : good.best().correct()) {
                    correct.append(one ? '1' : '0');
                }
                json.put("good_correct", correct.toString());
            }
            AtomicFiles.write(into.resolve(STATE), json.toPrettyString() + "\n");
        });
    }

    /** Puts the weights into the models and returns the rest. */
    static State read(Path folder, LoopModels models) {
        JsonNode json = json(folder.resolve(STATE));
        SafeTensors.readInto(models.policy().weights(), folder.resolve(POLICY));
        SafeTensors.readInto(models.reward().weights(), folder.resolve(REWARD));
        Optional<Guard.Good> good = Optional.empty();
        if (json.has("good_correct")) {
            String text = json.get("good_correct").stringValue();
            boolean[] correct = new boolean[text.length()];
            for (int i = 0; i < correct.length; i++) {
                correct[i] = text.charAt(i) == '1';
            }
            good = Optional.of(new Guard.Good(
                    new Gate.Best(correct),
                    SafeTensors.read(folder.resolve(GOOD)),
                    optimizer(folder.resolve("good-reward" + OPTIMIZER))));
        }
        return new State(
                optimizer(folder.resolve("policy" + OPTIMIZER)),
                new RewardImprovement.State(
                        optimizer(folder.resolve("reward" + OPTIMIZER)),
                        optimizer(folder.resolve("value" + OPTIMIZER)),
                        good,
                        json.get("rollbacks").intValue(),
                        json.has("start_mean")
                                ? Optional.of(new ScoreScale(
                                        json.get("start_mean").doubleValue(),
                                        json.get("start_spread").doubleValue()))
                                : Optional.empty()));
    }

    private static JsonNode json(Path file) {
        try {
            return JsonMapper.shared().readTree(Files.readString(file));
        } catch (IOException | JacksonException damaged) {
            throw SaveException.user(
                    "the checkpoint '" + file.getParent() + "' is damaged (" + damaged.getMessage()
                            + "); remove it and resume from the one before",
                    damaged);
        }
    }

    /** Tensors {@code first/NAME}, {@code second/NAME} and {@code steps/NAME} for each weight. */
    private static void write(OptimizerState state, Path file) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        state.moments().forEach((name, moments) -> {
            tensors.put("first/" + name, moments.first());
            tensors.put("second/" + name, moments.second());
            tensors.put("steps/" + name, Tensor.scalar(moments.steps()));
        });
        SafeTensors.write(tensors, file, Map.of());
    }

    private static OptimizerState optimizer(Path file) {
        Map<String, Tensor> tensors = SafeTensors.readAsStored(file);
        Map<String, OptimizerState.Moments> moments = new LinkedHashMap<>();
        tensors.forEach((key, steps) -> {
            if (key.startsWith("steps/")) {
                String name = key.substring("steps/".length());
                moments.put(
                        name,
                        new OptimizerState.Moments(
                                steps.longs().get(0),
                                tensor(tensors, "first/" + name, file),
                                tensor(tensors, "second/" + name, file)));
            }
        });
        return new OptimizerState(moments);
    }

    private static Tensor tensor(Map<String, Tensor> tensors, String name, Path file) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw SaveException.user("the checkpoint file '" + file + "' lacks the tensor '" + name
                    + "'; remove this checkpoint and resume from the one before");
        }
        return tensor;
    }
}

package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens sessions that see every update of their weights. */
final class LiveSessions {
    private static final Logger LOG = LoggerFactory.getLogger(LiveSessions.class);

    private LiveSessions() {}

    /** PREPACKED on a device that builds weights in, which is for those that never change; otherwise LIVE where the engine's self-test passes, weights as inputs of every run otherwise. */
    static InferenceSession open(InferenceEngine engine, Graph graph, WeightStore weights, EngineSettings settings) {
        if (settings.device().kind() == Device.Kind.TENSORRT) {
            return engine.open(graph, weights, WeightBinding.PREPACKED, settings);
        }
        try {
            return engine.open(graph, weights, WeightBinding.LIVE, settings);
        } catch (SaveException refused) {
            if (refused.kind() != SaveException.Kind.ENGINE) {
                throw refused;
            }
            LOG.warn("graph '{}' gets its weights as inputs of every run: {}", graph.name(), refused.getMessage());
            return engine.open(graph, weights, WeightBinding.INPUT, settings);
        }
    }

    /** One output of a run. */
    static Tensor output(Map<String, Tensor> outputs, String name) {
        Tensor output = outputs.get(name);
        if (output == null) {
            throw SaveException.internal("the engine returned " + outputs.keySet() + " without '" + name + "'");
        }
        return output;
    }
}

package dev.save4j.loop;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.RolloutEngine;

/** The engines of a run. */
public record LoopEngines(
        RolloutEngine rollout, InferenceEngine scoring, GradientEngine gradient, EngineSettings settings) {
    /** The same engines with other native threads. */
    public LoopEngines withThreads(int threads) {
        return new LoopEngines(rollout, scoring, gradient, new EngineSettings(threads, settings.scratch()));
    }
}

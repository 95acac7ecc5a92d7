package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.tensor.WeightStore;
import java.util.Locale;
import java.util.Set;

/** Samples completions. Implementations are thread-safe factories of sessions. */
public interface RolloutEngine extends Engine {
    /** What it can keep the weights of linear layers in. */
    default Set<WeightPrecision> precisions() {
        return Set.of(WeightPrecision.FLOAT32);
    }

    /** A USER error when the engine does not have this. */
    default void require(WeightPrecision wanted) {
        if (!precisions().contains(wanted)) {
            throw SaveException.user("engine '" + name() + "' cannot sample with weights in "
                    + wanted.name().toLowerCase(Locale.ROOT)
                    + "; set it to float32, or choose a rollout engine that can");
        }
    }

    /** What it takes of the host's memory with weights in a precision. */
    default MemoryNeeds memoryNeeds(WeightPrecision precision) {
        return memoryNeeds();
    }

    /**
     * Opens a decoder over a store.
     *
     * @param slots how many sequences are decoded at once
     */
    RolloutSession open(DecoderGraph decoder, WeightStore weights, int slots, EngineSettings settings);
}

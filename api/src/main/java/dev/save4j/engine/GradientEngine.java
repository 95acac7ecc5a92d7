package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Differentiates graphs with a scalar loss and updates weights. Implementations are thread-safe factories of trainers. */
public interface GradientEngine extends Engine {
    /**
     * Every node without a gradient between a weight and the output {@code loss}, when all weights are trained; without native code, as {@link
     * #problems(Graph)}.
     */
    default List<Problem> gradientProblems(Graph loss) {
        GradientPath path = GradientPath.of(loss, new ElementTypes(loss)::isFloating, "loss", weight -> true);
        return capabilities().operators().withoutGradient(path);
    }

    /** What the engine can keep in memory between the forward and the backward pass. */
    default Set<Checkpointing> checkpointing() {
        return Set.of(Checkpointing.NONE);
    }

    /** A USER error when the engine does not have this. */
    default void require(Checkpointing wanted) {
        if (!checkpointing().contains(wanted)) {
            throw SaveException.user(
                    "engine '" + name() + "' has no checkpointing '"
                            + wanted.name().toLowerCase(Locale.ROOT)
                            + "', it keeps all that the forward pass computes; set it to none, or choose a gradient engine that has it");
        }
    }

    /**
     * Opens training graphs over one store and one optimizer.
     *
     * @param losses graphs with a scalar FLOAT output {@code loss}; other outputs are metrics. Each is checked here: a USER error names node and
     *     operator that the engine does not accept.
     */
    Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings);
}

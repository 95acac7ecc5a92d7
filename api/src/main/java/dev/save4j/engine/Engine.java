package dev.save4j.engine;

import dev.save4j.graph.Graph;
import java.util.List;
import java.util.Map;

/**
 * A factory of one engine, found with {@link java.util.ServiceLoader} and chosen by {@link #name()}. No method but {@link
 * #libraries()} may load native code.
 */
public interface Engine {
    /** Lower case with dashes, unique per kind, as written in a configuration: {@code onnxruntime}. */
    String name();

    EngineCapabilities capabilities();

    /** What it takes of the host's memory. */
    default MemoryNeeds memoryNeeds() {
        return MemoryNeeds.TYPICAL;
    }

    /** The libraries that do the work with the versions they give of themselves. Loads them. */
    default Map<String, String> libraries() {
        return Map.of();
    }

    /**
     * Every node of a graph that this engine refuses to run, as far as that can be told without native code: it refuses all of them at once when it
     * opens the graph, and may find more then.
     */
    default List<Problem> problems(Graph graph) {
        return capabilities().operators().problems(graph);
    }
}

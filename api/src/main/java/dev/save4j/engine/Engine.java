package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A factory of one engine, found with {@link java.util.ServiceLoader} and chosen by {@link #name()}. No method but {@link
 * #libraries()} may load native code.
 */
public interface Engine {
    /** Lower case with dashes, unique per kind, as written in a configuration: {@code onnxruntime}. */
    String name();

    EngineCapabilities capabilities();

    /** A USER error names the devices that it has here when that is not one of them; whether a GPU is there shows when it is used. */
    default void require(Device.Kind device) {
        String wanted = device.name().toLowerCase(Locale.ROOT);
        if (device != Device.Kind.CPU && !capabilities().devices().contains(wanted)) {
            throw SaveException.user("engine '" + name() + "' is here without the device " + wanted + " (it has "
                    + capabilities().devices()
                    + "): take the device cpu, or onnxruntime in a build with the profile gpu (./mvnw -Pgpu package)");
        }
    }

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

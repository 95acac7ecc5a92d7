package dev.save4j.engine;

import java.util.List;

/**
 * What an engine can do.
 *
 * @param version of the native library, for the manifest of a run
 * @param devices such as {@code cpu}
 * @param operators every operator the engine accepts, with the attributes it honours
 */
public record EngineCapabilities(String version, List<String> devices, OperatorTable operators) {
    public EngineCapabilities {
        devices = List.copyOf(devices);
    }
}

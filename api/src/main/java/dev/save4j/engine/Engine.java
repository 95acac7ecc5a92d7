package dev.save4j.engine;

/**
 * A factory of one engine, found with {@link java.util.ServiceLoader} and chosen by {@link #name()}. Neither of the two methods may load native
 * code.
 */
public interface Engine {
    /** Lower case with dashes, unique per kind, as written in a configuration: {@code onnxruntime}. */
    String name();

    EngineCapabilities capabilities();
}

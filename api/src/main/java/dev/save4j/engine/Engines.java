package dev.save4j.engine;

import dev.save4j.SaveException;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The engines of one kind that are on the class path, by name. Immutable. */
public final class Engines<E extends Engine> {
    private final String kind;
    private final TreeMap<String, E> byName = new TreeMap<>();

    /** Refuses two engines of the same name. */
    public Engines(String kind, Iterable<E> engines) {
        this.kind = kind;
        for (E engine : engines) {
            E other = byName.put(engine.name(), engine);
            if (other != null) {
                throw SaveException.user("two " + kind + " engines are called '" + engine.name() + "': "
                        + engine.getClass().getName() + " and "
                        + other.getClass().getName() + "; remove one from the class path");
            }
        }
    }

    public static Engines<InferenceEngine> inference() {
        return new Engines<>("inference", ServiceLoader.load(InferenceEngine.class));
    }

    public static Engines<RolloutEngine> rollout() {
        return new Engines<>("rollout", ServiceLoader.load(RolloutEngine.class));
    }

    public static Engines<GradientEngine> gradient() {
        return new Engines<>("gradient", ServiceLoader.load(GradientEngine.class));
    }

    public Collection<E> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    public List<String> names() {
        return List.copyOf(byName.keySet());
    }

    /** A USER error lists what exists when there is no engine of that name. */
    public E named(String name) {
        E engine = byName.get(name);
        if (engine == null) {
            throw SaveException.user("there is no " + kind + " engine '" + name + "'. "
                    + (byName.isEmpty()
                            ? "None is on the class path: add save4j-engine-onnxruntime or save4j-engine-djl-pytorch."
                            : "Available: " + String.join(", ", byName.keySet()) + "."
                                    + Names.nearest(name, byName.keySet())
                                            .map(near -> " Did you mean '" + near + "'?")
                                            .orElse("")));
        }
        return engine;
    }
}

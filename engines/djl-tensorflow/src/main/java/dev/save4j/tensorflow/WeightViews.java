package dev.save4j.tensorflow;

import dev.save4j.SaveException;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The weights as TensorFlow sees them: views of the store's own buffers, which are fed to every run. A buffer that is not aligned as TensorFlow wants
 * is copied instead, again whenever the store's version has changed. Owns the views, not the weights.
 */
final class WeightViews implements AutoCloseable {
    private final WeightStore weights;
    private final Map<String, NativeTensor> views = new LinkedHashMap<>();
    private long version;

    WeightViews(WeightStore weights, Set<String> names) {
        this.weights = weights;
        version = weights.version();
        names.forEach(name -> views.put(name, NativeTensor.viewOf(weights.get(name))));
    }

    /** Looks at the store again; the caller holds a lease. */
    void refresh() {
        if (version != weights.version()) {
            version = weights.version();
            views.replaceAll((name, view) -> {
                if (view.isAlias()) {
                    return view;
                }
                view.close();
                return NativeTensor.viewOf(weights.get(name));
            });
        }
    }

    NativeTensor get(String name) {
        NativeTensor view = views.get(name);
        if (view == null) {
            throw SaveException.internal("weight '" + name + "' is in none of the graphs");
        }
        return view;
    }

    @Override
    public void close() {
        views.values().forEach(NativeTensor::close);
    }
}

package dev.save4j.tensorflow;

import dev.save4j.SaveException;
import dev.save4j.graph.HostTensor;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The inputs of one run, its integers on the host, and what it feeds to the TensorFlow graph. */
final class Run implements AutoCloseable {
    private final Map<String, Tensor> inputs;
    private final List<@Nullable HostTensor> values = new ArrayList<>();
    private final Feeds feeds = new Feeds();

    Run(Map<String, Tensor> inputs) {
        this.inputs = inputs;
    }

    Tensor input(String name) {
        Tensor tensor = inputs.get(name);
        if (tensor == null) {
            throw SaveException.internal("the run has no input '" + name + "'");
        }
        return tensor;
    }

    HostTensor get(int slot) {
        HostTensor value = slot < values.size() ? values.get(slot) : null;
        if (value == null) {
            throw SaveException.internal("host value " + slot + " is read before it is computed");
        }
        return value;
    }

    void put(int slot, HostTensor value) {
        while (values.size() <= slot) {
            values.add(null);
        }
        values.set(slot, value);
    }

    Feeds feeds() {
        return feeds;
    }

    @Override
    public void close() {
        feeds.close();
    }
}

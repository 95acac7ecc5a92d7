package dev.save4j.tensor;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The one owner of a model's weights: named tensors in aligned direct buffers. Gradient engines update them in place, inference sessions read
 * them without a copy. Linear weights are stored {@code [out, in]} as Hugging Face does.
 *
 * <p>Whoever runs a graph over the store holds {@link #reading()}, whoever changes a weight holds {@link #writing()}; closing a write lease
 * raises {@link #version()}. Leases belong to the thread that took them.
 */
public final class WeightStore {
    private final Map<String, Tensor> weights;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final AtomicLong version = new AtomicLong();

    /** Takes the tensors themselves, in this order; they must not be changed behind the store's back afterwards. */
    public WeightStore(Map<String, Tensor> weights) {
        this.weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
    }

    /** A held lock; closing it twice does nothing. */
    public interface Lease extends AutoCloseable {
        @Override
        void close();
    }

    /** Names in insertion order. */
    public Set<String> names() {
        return weights.keySet();
    }

    public boolean contains(String name) {
        return weights.containsKey(name);
    }

    /** The live tensor, not a copy; a USER error naming the weight when there is none. */
    public Tensor get(String name) {
        Tensor tensor = weights.get(name);
        if (tensor == null) {
            throw SaveException.user("there is no weight '" + name + "' among the " + weights.size()
                    + " weights of this model; its checkpoint does not fit its configuration");
        }
        return tensor;
    }

    /** Number of scalar parameters. */
    public long parameterCount() {
        return weights.values().stream().mapToLong(Tensor::size).sum();
    }

    /** Rises by one with every closed write lease. */
    public long version() {
        return version.get();
    }

    public Lease reading() {
        return lease(lock.readLock(), false);
    }

    public Lease writing() {
        return lease(lock.writeLock(), true);
    }

    private Lease lease(Lock held, boolean writes) {
        held.lock();
        return new Lease() {
            private boolean open = true;

            @Override
            public void close() {
                if (open) {
                    open = false;
                    if (writes) {
                        version.incrementAndGet();
                    }
                    held.unlock();
                }
            }
        };
    }

    /** A copy of all weights. */
    public WeightStore snapshot() {
        try (Lease lease = reading()) {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            weights.forEach((name, tensor) -> copies.put(name, tensor.copy()));
            return new WeightStore(copies);
        }
    }

    /** Overwrites every weight with the one of the same name, type and shape; a USER error when names or shapes differ, before anything is written. */
    public void copyFrom(WeightStore other) {
        if (!names().equals(other.names())) {
            throw SaveException.user("the weights to restore have other names: "
                    + other.names().size() + " weights against " + names().size());
        }
        weights.forEach((name, tensor) -> {
            Tensor source = other.get(name);
            if (source.type() != tensor.type() || !Arrays.equals(source.shape(), tensor.shape())) {
                throw SaveException.user("weight '" + name + "' is " + source + " but " + tensor + " was expected");
            }
        });
        try (Lease from = other.reading();
                Lease lease = writing()) {
            weights.forEach((name, tensor) -> tensor.bytes().put(other.get(name).bytes()));
        }
    }

    /**
     * SHA-256 over names, types, shapes and bytes in the order of the names, as lower-case hexadecimal: the same weights have the same hash
     * whatever file they came from.
     */
    public String contentHash() {
        try (Lease lease = reading()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            new TreeMap<>(weights).forEach((name, tensor) -> {
                digest.update((name + ' ' + tensor + '\n').getBytes(StandardCharsets.UTF_8));
                ByteBuffer bytes = tensor.bytes();
                digest.update(bytes);
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException missing) {
            throw SaveException.internal("this Java has no SHA-256", missing);
        }
    }
}

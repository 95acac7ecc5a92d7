package dev.save4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WeightStoreTest {
    private final ExecutorService other = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        other.shutdownNow();
    }

    private static WeightStore store(float... values) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("w", Tensor.of(values, values.length));
        weights.put("a", Tensor.of(new float[] {9}, 1));
        return new WeightStore(weights);
    }

    @Test
    void weightsAreLiveAndInOrder() {
        WeightStore store = store(1, 2);
        assertThat(store.names()).containsExactly("w", "a");
        assertThat(store.parameterCount()).isEqualTo(3);
        store.get("w").floats().put(0, 5);
        assertThat(store.get("w").toFloats()).containsExactly(5, 2);
        assertThat(store.contains("w")).isTrue();
        assertThat(store.contains("v")).isFalse();
        assertThatThrownBy(() -> store.get("v"))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("there is no weight 'v' among the 2 weights of this model;"
                        + " its checkpoint does not fit its configuration");
        assertThatThrownBy(() -> store.names().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void theVersionRisesWithEveryClosedWrite() {
        WeightStore store = store(1);
        try (WeightStore.Lease lease = store.reading()) {
            assertThat(lease).isNotNull();
        }
        assertThat(store.version()).isZero();
        WeightStore.Lease lease = store.writing();
        assertThat(store.version()).isZero();
        lease.close();
        lease.close();
        assertThat(store.version()).isOne();
    }

    @Test
    void writersWaitForReaders() throws Exception {
        WeightStore store = store(1);
        CountDownLatch asked = new CountDownLatch(1);
        Future<?> write;
        try (WeightStore.Lease lease = store.reading()) {
            assertThat(lease).isNotNull();
            write = other.submit(() -> {
                asked.countDown();
                store.writing().close();
            });
            asked.await();
            assertThatThrownBy(() -> write.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            assertThat(store.version()).isZero();
        }
        write.get(1, TimeUnit.MINUTES);
        assertThat(store.version()).isOne();
    }

    @Test
    void readersShareAndAWriterMayRead() throws Exception {
        WeightStore store = store(1);
        try (WeightStore.Lease lease = store.reading()) {
            assertThat(lease).isNotNull();
            other.submit(() -> store.reading().close()).get(1, TimeUnit.MINUTES);
        }
        try (WeightStore.Lease lease = store.writing()) {
            assertThat(lease).isNotNull();
            assertThat(store.snapshot().get("w").toFloats()).containsExactly(1);
        }
    }

    @Test
    void aSnapshotIsIndependentAndCanBeRestored() {
        WeightStore store = store(1, 2);
        String hash = store.contentHash();
        WeightStore snapshot = store.snapshot();
        try (WeightStore.Lease lease = store.writing()) {
            assertThat(lease).isNotNull();
            store.get("w").floats().put(1, 7);
        }
        assertThat(store.contentHash()).isNotEqualTo(hash);
        assertThat(snapshot.contentHash()).isEqualTo(hash);
        store.copyFrom(snapshot);
        assertThat(store.contentHash()).isEqualTo(hash);
        assertThat(store.version()).isEqualTo(2);
    }

    @Test
    void weightsThatDoNotFitAreRefusedBeforeAnythingIsWritten() {
        WeightStore store = store(1, 2);
        WeightStore wider = store(5, 6, 7);
        assertThatThrownBy(() -> store.copyFrom(wider))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("weight 'w' is FLOAT[3] but FLOAT[2] was expected");
        WeightStore fewer = new WeightStore(Map.of("w", Tensor.of(new float[] {5, 6}, 2)));
        assertThatThrownBy(() -> store.copyFrom(fewer))
                .hasMessage("the weights to restore have other names: 1 weights against 2");
        assertThat(store.get("w").toFloats()).containsExactly(1, 2);
        assertThat(store.version()).isZero();
    }

    @Test
    void theHashCoversNamesShapesAndBytes() {
        String hash = store(1, 2).contentHash();
        assertThat(hash).hasSize(64).isEqualTo(store(1, 2).contentHash());
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("w", Tensor.of(new float[] {1, 2}, 2, 1));
        weights.put("a", Tensor.of(new float[] {9}, 1));
        assertThat(new WeightStore(weights).contentHash()).isNotEqualTo(hash);
        weights.put("w", Tensor.of(new float[] {1, 2}, 2));
        assertThat(new WeightStore(weights).contentHash()).isEqualTo(hash);
        weights.put("b", weights.remove("a"));
        assertThat(new WeightStore(weights).contentHash()).isNotEqualTo(hash);
    }
}

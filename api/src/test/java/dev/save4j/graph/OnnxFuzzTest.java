package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Whatever bytes come, reading and normalising either work or throw a SaveException; they neither hang nor take memory without end. */
class OnnxFuzzTest {
    private static final int ROUNDS = 3_000;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static byte[] seed() {
        GraphBuilder g = new GraphBuilder("seed");
        Value x = g.input("x", ElementType.FLOAT, "batch", 3);
        Value w = g.parameter("w", 4, 3);
        Value y = x.linear(w).softmax(-1).stopGradient();
        g.output("y", y.add(g.constant("table", Tensor.of(new float[] {1, 2, 3, 4}, 4))));
        g.output("z", y.reshape(0, 2, 2).sum(1, true).slice(2, 0, 1));
        return OnnxCodec.encode(
                g.build(), new WeightPlacement.Inline(Map.of("w", Tensor.allocate(ElementType.FLOAT, 4, 3))));
    }

    private static List<byte[]> seeds() throws IOException {
        List<byte[]> seeds = new ArrayList<>(List.of(seed()));
        for (String name : new String[] {
            "test_attention_4d_causal_expanded", "test_layer_normalization_4d_axis1_expanded", "test_constant_pad"
        }) {
            Path file = OnnxFiles.operatorCase(name).resolve("model.onnx");
            if (Files.exists(file)) {
                seeds.add(Files.readAllBytes(file));
            }
        }
        return seeds;
    }

    @Test
    void flippedBytesAreReadOrRefused() throws IOException {
        SplittableRandom random = new SplittableRandom(20);
        int[] outcome = new int[2];
        for (byte[] seed : seeds()) {
            Assertions.assertTimeoutPreemptively(PATIENCE, () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    byte[] bytes = seed.clone();
                    for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
                        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                    }
                    outcome[accepted(bytes) ? 1 : 0]++;
                }
            });
        }
        assertThat(outcome[0]).as("refused").isGreaterThan(ROUNDS / 2);
        assertThat(outcome[1]).as("accepted").isPositive();
    }

    @Test
    void filesCutAnywhereAreReadOrRefused() throws IOException {
        for (byte[] seed : seeds()) {
            for (int length = 0; length < Math.min(seed.length, ROUNDS); length++) {
                accepted(Arrays.copyOf(seed, length));
            }
        }
        assertThat(accepted(seed())).isTrue();
    }

    @Test
    void grownLengthsTakeNoMemory() {
        SplittableRandom random = new SplittableRandom(21);
        byte[] seed = seed();
        long before = directBytes();
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = seed.clone();
            int at = random.nextInt(bytes.length - 5);
            // A varint of up to 2^35, which falls on lengths, dimensions and types alike.
            for (int i = 0; i < 4; i++) {
                bytes[at + i] = (byte) (random.nextInt(128) | 0x80);
            }
            bytes[at + 4] = (byte) random.nextInt(128);
            accepted(bytes);
        }
        assertThat(directBytes() - before).isLessThan(64L << 20);
    }

    private static boolean accepted(byte[] bytes) {
        try {
            OnnxModel model = OnnxCodec.decode(ByteBuffer.wrap(bytes), "fuzz.onnx");
            OnnxCodec.encode(model);
            GraphNormalizer.normalize(model);
            return true;
        } catch (SaveException refused) {
            assertThat(refused.kind()).as(refused.getMessage()).isEqualTo(SaveException.Kind.USER);
            return false;
        }
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}

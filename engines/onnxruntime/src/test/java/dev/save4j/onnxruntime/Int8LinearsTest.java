package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products in 8 bits beside the same sums in plain Java. */
class Int8LinearsTest {
    private static final int ROWS = 5;
    private static final int IN = 37;
    /** More than one tile of a weight that is written, and not a whole number of them. */
    private static final int OUT = 131;

    /** {@code [rows][columns]} within ±1; the second row is 0. */
    private static float[][] matrix(int rows, int columns, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] matrix = new float[rows][columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                matrix[r][c] = r == 1 ? 0 : (float) ((2 * random.nextDouble() - 1) / (1 + r % 7));
            }
        }
        return matrix;
    }

    private static Tensor tensor(float[][] matrix, boolean transposed) {
        int rows = matrix.length;
        int columns = matrix[0].length;
        float[] values = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                values[transposed ? c * rows + r : r * columns + c] = matrix[r][c];
            }
        }
        return transposed ? Tensor.of(values, columns, rows) : Tensor.of(values, rows, columns);
    }

    private static double largest(float[] row) {
        double largest = 0;
        for (float value : row) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Whole numbers of 127ths of the largest. */
    private static long[] rounded(float[] row) {
        long[] rounded = new long[row.length];
        double largest = largest(row);
        for (int i = 0; i < row.length; i++) {
            rounded[i] = largest == 0 ? 0 : Math.round(row[i] * 127 / largest);
        }
        return rounded;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void weightsAreRoundedToA127thOfTheLargestOfTheirOutput(boolean transposed) {
        float[][] weight = matrix(OUT, IN, 1);
        Tensor stored = tensor(weight, !transposed);
        Int8Weight quantized = new Int8Weight(stored.shape(), transposed);
        quantized.fill("weight", stored);
        assertThat(quantized.values().shape()).containsExactly(IN, OUT);
        for (int n = 0; n < OUT; n++) {
            double scale = quantized.scales().floats().get(n);
            assertThat(scale).isCloseTo(largest(weight[n]) / 127, within(1e-8));
            long[] expected = rounded(weight[n]);
            for (int k = 0; k < IN; k++) {
                int value = quantized.values().bytes().get(k * OUT + n) & 0xff;
                assertThat(value - 128L).as("output %s, input %s", n, k).isEqualTo(expected[k]);
                assertThat((value - 128) * scale).isCloseTo(weight[n][k], within(scale * 0.5001));
            }
        }
    }

    private static Graph graph(boolean transposed) {
        GraphBuilder g = new GraphBuilder("linear");
        Value x = g.input("x", ElementType.FLOAT, "rows", IN);
        Value w = transposed ? g.parameter("w", OUT, IN) : g.parameter("w", IN, OUT);
        g.output("y", transposed ? x.linear(w) : x.matmul(w));
        return g.build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rowsAreRoundedByThemselvesAndProductsAreExact(boolean transposed) {
        float[][] x = matrix(ROWS, IN, 2);
        float[][] weight = matrix(OUT, IN, 3);
        WeightStore store = new WeightStore(Map.of("w", tensor(weight, !transposed)));
        Int8Linears linears = Int8Linears.of(graph(transposed));
        float[] y;
        try (OnnxRuntimeSession session = new OnnxRuntimeSession(
                linears.graph(),
                linears.quantize(store, 2),
                WeightBinding.PREPACKED,
                EngineSettings.singleThreaded())) {
            y = session.run(Map.of("x", tensor(x, false))).get("y").toFloats();
        }
        for (int r = 0; r < ROWS; r++) {
            long[] row = rounded(x[r]);
            for (int n = 0; n < OUT; n++) {
                long[] output = rounded(weight[n]);
                long sum = 0;
                for (int k = 0; k < IN; k++) {
                    sum += row[k] * output[k];
                }
                double expected = sum * (largest(x[r]) / 127) * (largest(weight[n]) / 127);
                assertThat((double) y[r * OUT + n])
                        .as("row %s, output %s", r, n)
                        .isCloseTo(expected, within(2e-6));
            }
        }
    }

    @Test
    void weightsThatOtherNodesReadAsWellStay() {
        GraphBuilder g = new GraphBuilder("tied");
        Value embedding = g.parameter("embedding", 11, 8);
        Value looked = embedding.gather(g.input("ids", ElementType.INT64, "tokens"), 0);
        g.output("logits", looked.linear(embedding));
        assertThat(Int8Linears.of(g.build()).graph().parameters())
                .containsOnlyKeys("embedding", "embedding/int8", "embedding/int8/scales");
    }

    @Test
    void aGraphWithoutLinearsIsRefused() {
        GraphBuilder g = new GraphBuilder("scaled");
        g.output("y", g.input("x", ElementType.FLOAT, "rows", 4).mul(g.parameter("w", 4)));
        Graph graph = g.build();
        assertThatThrownBy(() -> Int8Linears.of(graph))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("graph 'scaled' cannot be sampled from in int8: it has no MatMul or FusedMatMul of a FLOAT"
                        + " weight with two axes; take float32");
    }
}

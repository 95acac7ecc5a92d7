package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.save4j.SaveException;
import dev.save4j.engine.Sampling;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
    private static Sampling sampling(double temperature, int topK, double topP) {
        return new Sampling(temperature, topK, topP, 10, Set.of());
    }

    /** The ids that come out of many draws. */
    private static Set<Integer> drawn(Sampling sampling, float... logits) {
        Sampler sampler = new Sampler(logits.length, sampling);
        SplittableRandom stream = new SplittableRandom(1);
        Set<Integer> ids = new TreeSet<>();
        for (int i = 0; i < 4000; i++) {
            ids.add(sampler.sample(FloatBuffer.wrap(logits), 0, stream));
        }
        return ids;
    }

    private static float[] randomLogits(int vocabulary, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++) {
            logits[i] = (float) (6 * random.nextDouble() - 3);
        }
        return logits;
    }

    private static double[] softmax(float[] logits, double temperature) {
        double[] weights = IntStream.range(0, logits.length)
                .mapToDouble(i -> Math.exp(logits[i] / temperature))
                .toArray();
        double total = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / total).toArray();
    }

    /** What is kept, by sorting: the definition of top-k and then top-p. */
    private static double[] filtered(double[] probabilities, int topK, double topP) {
        List<Integer> order = IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i])
                        .thenComparing(i -> i))
                .limit(topK == 0 ? probabilities.length : topK)
                .toList();
        double mass = order.stream().mapToDouble(i -> probabilities[i]).sum();
        double[] kept = new double[probabilities.length];
        double reached = 0;
        for (int id : order) {
            kept[id] = probabilities[id];
            reached += probabilities[id];
            if (reached >= topP * mass) {
                break;
            }
        }
        double total = reached;
        return Arrays.stream(kept).map(p -> p / total).toArray();
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1", "0.6, 0, 1", "1.7, 0, 1", "1, 12, 1", "1, 0, 0.8", "0.8, 20, 0.7", "1, 1000, 0.95"})
    void frequenciesAreTheProbabilities(double temperature, int topK, double topP) {
        float[] logits = randomLogits(300, 5);
        double[] expected = filtered(softmax(logits, temperature), topK, topP);
        Sampler sampler = new Sampler(logits.length, sampling(temperature, topK, topP));
        SplittableRandom stream = new SplittableRandom(42);
        int draws = 200_000;
        int[] counts = new int[logits.length];
        for (int i = 0; i < draws; i++) {
            counts[sampler.sample(FloatBuffer.wrap(logits), 0, stream)]++;
        }
        double statistic = 0;
        int kept = 0;
        for (int id = 0; id < counts.length; id++) {
            if (expected[id] == 0) {
                assertThat(counts[id])
                        .as("draws of %s, which is filtered out", id)
                        .isZero();
                continue;
            }
            double mean = expected[id] * draws;
            statistic += (counts[id] - mean) * (counts[id] - mean) / mean;
            kept++;
        }
        // Chi-square with kept - 1 degrees of freedom; four standard deviations above its mean.
        double degrees = kept - 1;
        assertThat(statistic).isLessThan(degrees + 4 * Math.sqrt(2 * degrees) + 4);
    }

    /** Filters against their definition where they skip most of the vocabulary, and where a part of it is too small for that. */
    @ParameterizedTest
    @CsvSource({
        "5000, 50, 1",
        "5000, 50, 0.95",
        "5000, 0, 0.3",
        "5000, 79, 1",
        "5000, 80, 0.88",
        "5000, 3000, 0.99",
        "65, 2, 1",
        "3, 2, 0.9"
    })
    void filtersKeepWhatSortingWouldKeep(int vocabulary, int topK, double topP) {
        float[] logits = randomLogits(vocabulary, 11);
        // Many equal ones, also at the limit.
        for (int i = 0; i < vocabulary; i++) {
            logits[i] = Math.round(4 * logits[i]) / 2f;
        }
        double[] expected = filtered(softmax(logits, 1), topK, topP);
        Set<Integer> kept = IntStream.range(0, vocabulary)
                .filter(id -> expected[id] > 0)
                .boxed()
                .collect(Collectors.toCollection(TreeSet::new));
        Sampler sampler = new Sampler(vocabulary, sampling(1, topK, topP));
        SplittableRandom stream = new SplittableRandom(12);
        Set<Integer> drawn = new TreeSet<>();
        for (int i = 0; i < 3000; i++) {
            drawn.add(sampler.sample(FloatBuffer.wrap(logits), 0, stream));
        }
        assertThat(kept).containsAll(drawn);
        if (kept.size() < 100) {
            assertThat(drawn).isEqualTo(kept);
        }
    }

    /** Tokens and log-probabilities to the last bit, so that a run can be repeated with another Java and on another machine. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, 1, -1407367544, -1719093288",
        "0.7, 0, 1, 1091629074, 1936649154",
        "1, 50, 0.95, -1332077830, -1946309335",
        "1, 0, 0.9, 1193125571, 543021427"
    })
    void theBitsAreTheseEverywhere(double temperature, int topK, double topP, int tokens, int logProbs) {
        float[] logits = randomLogits(5003, 13);
        Sampler sampler = new Sampler(logits.length, sampling(temperature, topK, topP));
        SplittableRandom stream = new SplittableRandom(14);
        int tokenHash = 1;
        int logProbHash = 1;
        for (int i = 0; i < 500; i++) {
            logits[i]++;
            tokenHash = 31 * tokenHash + sampler.sample(FloatBuffer.wrap(logits), 0, stream);
            logProbHash = 31 * logProbHash + Float.floatToIntBits(sampler.logProb());
        }
        assertThat(List.of(tokenHash, logProbHash)).containsExactly(tokens, logProbs);
    }

    @Test
    void logProbsAreOfTheWholeVocabularyAtTheTemperature() {
        float[] logits = randomLogits(1000, 6);
        for (Sampling sampling : List.of(sampling(1, 0, 1), sampling(0.7, 0, 1), sampling(0.7, 5, 0.5))) {
            double[] expected = softmax(logits, sampling.temperature());
            Sampler sampler = new Sampler(logits.length, sampling);
            SplittableRandom stream = new SplittableRandom(3);
            for (int i = 0; i < 200; i++) {
                int token = sampler.sample(FloatBuffer.wrap(logits), 0, stream);
                assertThat(sampler.logProb()).isCloseTo((float) Math.log(expected[token]), within(2e-6f));
            }
        }
    }

    @Test
    void temperatureZeroTakesTheLikeliestAndTheFirstOfEquals() {
        assertThat(drawn(Sampling.greedy(1, Set.of()), 1, 3, 3, 2)).containsExactly(1);
        Sampler sampler = new Sampler(3, Sampling.greedy(1, Set.of()));
        sampler.sample(FloatBuffer.wrap(new float[] {0, 2, 1}), 0, new SplittableRandom(1));
        assertThat(sampler.logProb()).isCloseTo((float) Math.log(softmax(new float[] {0, 2, 1}, 1)[1]), within(1e-6f));
    }

    @Test
    void topKKeepsExactlyKAndTheFirstOfEquals() {
        assertThat(drawn(sampling(1, 1, 1), 0, 2, 2, 1)).containsExactly(1);
        assertThat(drawn(sampling(1, 2, 1), 1, 1, 1, 1)).containsExactly(0, 1);
        assertThat(drawn(sampling(1, 3, 1), 0, 3, 1, 2)).containsExactly(1, 2, 3);
        assertThat(drawn(sampling(1, 9, 1), 0, 1, 2)).containsExactly(0, 1, 2);
    }

    @Test
    void topPKeepsTheFewestTokensThatReachIt() {
        float[] halves = {(float) Math.log(0.5), (float) Math.log(0.25), (float) Math.log(0.15), (float) Math.log(0.1)};
        assertThat(drawn(sampling(1, 0, 1e-9), halves)).containsExactly(0);
        assertThat(drawn(sampling(1, 0, 0.49), halves)).containsExactly(0);
        assertThat(drawn(sampling(1, 0, 0.51), halves)).containsExactly(0, 1);
        assertThat(drawn(sampling(1, 0, 0.76), halves)).containsExactly(0, 1, 2);
        assertThat(drawn(sampling(1, 0, 0.99), halves)).containsExactly(0, 1, 2, 3);
        // Of the likeliest two alone, whose parts are 2/3 and 1/3.
        assertThat(drawn(sampling(1, 2, 0.6), halves)).containsExactly(0);
        assertThat(drawn(sampling(1, 2, 0.7), halves)).containsExactly(0, 1);
        assertThat(drawn(sampling(1, 0, 0.5), 1, 1, 1, 1)).containsExactly(0, 1);
    }

    @Test
    void tokensThatAreRuledOutAreNeverDrawn() {
        float none = Float.NEGATIVE_INFINITY;
        assertThat(drawn(sampling(1, 0, 1), none, 0, none, 0, none)).containsExactly(1, 3);
        assertThat(drawn(sampling(1, 4, 0.99), none, 0, none, 0, none)).containsExactly(1, 3);
        assertThat(drawn(sampling(1, 0, 1), 0, -100, 1)).containsExactly(0, 2);
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        assertThat(drawn(sampling(0.001, 0, 1), 30000, 29000, 30000)).containsExactly(0, 2);
        assertThat(drawn(sampling(1, 0, 1), -1e30f, -1e30f)).containsExactly(0, 1);
    }

    @Test
    void takesOneNumberPerTokenWhateverTheSettings() {
        for (Sampling sampling : List.of(sampling(0, 0, 1), sampling(1, 0, 1), sampling(1, 3, 0.5))) {
            SplittableRandom stream = new SplittableRandom(9);
            SplittableRandom same = new SplittableRandom(9);
            new Sampler(4, sampling).sample(FloatBuffer.wrap(new float[] {0, 1, 2, 3}), 0, stream);
            same.nextDouble();
            assertThat(stream.nextLong()).isEqualTo(same.nextLong());
        }
    }

    @Test
    void readsTheRowAtItsOffset() {
        FloatBuffer rows = FloatBuffer.wrap(new float[] {9, 0, 0, 0, 0, 9});
        Sampler sampler = new Sampler(3, Sampling.greedy(1, Set.of()));
        assertThat(sampler.sample(rows, 0, new SplittableRandom(1))).isZero();
        assertThat(sampler.sample(rows, 3, new SplittableRandom(1))).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"NaN", "Infinity"})
    void logitsThatAreNotFiniteAreAnError(float bad) {
        Sampler sampler = new Sampler(3, sampling(1, 0, 1));
        assertThatThrownBy(() -> sampler.sample(FloatBuffer.wrap(new float[] {0, bad, 1}), 0, new SplittableRandom(1)))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(SaveException.Kind.ENGINE))
                .hasMessageContaining("the policy's logits are not finite")
                .hasMessageContaining("lower the learning rate");
    }

    @Test
    void aStopTokenOutsideTheVocabularyIsAnError() {
        assertThatThrownBy(() -> new Sampler(10, Sampling.unbiased(1, Set.of(10))))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("the stop token 10 lies outside the vocabulary of 10 tokens");
    }

    @Test
    void streamsOfNeighbouringSeedsAndCompletionsDiffer() {
        Set<Double> firsts = new TreeSet<>();
        for (long seed = 0; seed < 50; seed++) {
            for (int completion = 0; completion < 50; completion++) {
                firsts.add(Streams.of(seed, completion).nextDouble());
            }
        }
        assertThat(firsts).hasSize(2500);
        assertThat(Streams.of(7, 3).nextLong()).isEqualTo(Streams.of(7, 3).nextLong());
    }

    @Test
    void exponentialsAreExactToAFewUnitsInTheLastPlace() {
        float[] values = new float[70_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = -i / 1000f;
        }
        float[] results = new float[values.length];
        new Exponential(512).ofDifferences(values, 0, results);
        for (int i = 0; i < values.length; i++) {
            assertThat(results[i] / Math.exp(values[i])).isCloseTo(1, within(2e-7));
        }
        assertThat(results[0]).isEqualTo(1);
        float[] tiny = new float[2];
        new Exponential(2).ofDifferences(new float[] {-88, Float.NEGATIVE_INFINITY}, 0, tiny);
        assertThat(tiny).containsExactly(0, 0);
    }
}

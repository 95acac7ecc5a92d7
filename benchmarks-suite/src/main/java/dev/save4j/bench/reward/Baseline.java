package dev.save4j.bench.reward;

import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** A rule that reads no meaning, by which every reward model should be measured. */
public final class Baseline implements Scorer {
    private final String name;
    private final String rule;
    private final ToDoubleFunction<ScoreRequest> score;

    private Baseline(String name, String rule, ToDoubleFunction<ScoreRequest> score) {
        this.name = name;
        this.rule = rule;
        this.score = score;
    }

    /** Unicode code points of the response: prefers the longer one. */
    public static Baseline length() {
        return new Baseline(
                "length",
                "code points of the response",
                request ->
                        request.response().codePointCount(0, request.response().length()));
    }

    /** A number in [0, 1) that depends on the seed and the request alone, not on the order of the requests. */
    public static Baseline random(long seed) {
        return new Baseline("random", "random, seed " + seed, request -> {
            MessageDigest digest = ScoreRequest.sha256();
            ScoreRequest.add(digest, Long.toString(seed));
            ScoreRequest.add(digest, request.key());
            byte[] hash = digest.digest();
            long bits = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                bits = bits << 8 | hash[i] & 0xff;
            }
            return (bits >>> 11) * 0x1.0p-53;
        });
    }

    /** Always 0: shows what a benchmark makes of ties. */
    public static Baseline constant() {
        return new Baseline("constant", "always 0", request -> 0);
    }

    /** The same rule under another name. */
    public Baseline named(String other) {
        return new Baseline(other, rule, score);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> identity() {
        return Optional.empty();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("rule", rule);
    }

    @Override
    public List<Score> score(List<ScoreRequest> requests) {
        return requests.stream()
                .map(request -> Score.of(score.applyAsDouble(request)))
                .toList();
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}

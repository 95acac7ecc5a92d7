package dev.save4j.testkit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Counts what came of the cases of one engine. */
final class Report {
    private int passed;
    private int refused;
    private final List<String> failed = new ArrayList<>();
    /** What was skipped, by reason. */
    private final Map<String, List<String>> skipped = new LinkedHashMap<>();

    private final Set<String> proven = new TreeSet<>();

    /**
     * @param claims operators and, with a dot between, their attributes
     */
    void passed(Set<String> claims) {
        passed++;
        proven.addAll(claims);
    }

    void refused() {
        refused++;
    }

    void failed(String name) {
        failed.add(name);
    }

    void skipped(String name, String reason) {
        skipped.computeIfAbsent(reason, key -> new ArrayList<>()).add(name);
    }

    boolean hasProven(String claim) {
        return proven.contains(claim);
    }

    /** One line. */
    String summary(String suite, String engine) {
        int skips = skipped.values().stream().mapToInt(List::size).sum();
        StringBuilder reasons = new StringBuilder();
        skipped.forEach((reason, names) ->
                reasons.append("; skipped because ").append(reason).append(": ").append(String.join(", ", names)));
        return suite + ", engine '" + engine + "': " + passed + " cases passed, " + refused + " refused, " + skips
                + " skipped, " + failed.size() + " failed" + reasons;
    }
}

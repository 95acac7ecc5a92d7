package dev.save4j.loop;

/** A gold reward that nobody trains on: it tells whether the proxy reward model and the policy really got better. Thread-safe. */
@FunctionalInterface
public interface Judge {
    /** The gold reward of an answer; higher is better. */
    double score(String prompt, String answer);
}

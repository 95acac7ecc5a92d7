package dev.save4j.bench.reward;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Anything that says how good a response to a prompt is: a model, a file of scores, a rule. Used by one thread; closed by whoever opened it. */
public interface Scorer extends AutoCloseable {
    /** For people, unique in a run. */
    String name();

    /**
     * What the scores depend on besides the request, such as the hash of the weights; scores of equal identities are taken from the cache. Empty when asking
     * again costs nothing.
     */
    Optional<String> identity();

    /** What the scorer is, for the record of a run. */
    Map<String, String> facts();

    /** What a reader of its numbers must know. */
    default List<String> notes() {
        return List.of();
    }

    /**
     * The scores in the order of the requests. A request that the scorer cannot take, such as a text that is too long, has a {@link Score#problem()} and
     * loses no other.
     *
     * @throws dev.save4j.SaveException for everything else; it ends the run, whose scores so far are kept
     */
    List<Score> score(List<ScoreRequest> requests);

    @Override
    void close();
}

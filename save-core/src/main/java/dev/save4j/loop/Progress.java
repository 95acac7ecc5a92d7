package dev.save4j.loop;

/** Is told how long work goes on. Called from the thread that does the work. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress SILENT = (task, done, total, note) -> {};

    /**
     * @param task what is being done, such as {@code save}
     * @param done of {@code total} steps
     * @param note a few words on how it goes
     */
    void advance(String task, int done, int total, String note);
}

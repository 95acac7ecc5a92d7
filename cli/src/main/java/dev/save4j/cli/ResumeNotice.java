package dev.save4j.cli;

/** Says how to go on when the process is told to end (by Ctrl-C, say) before the work is done. Closed when the work is done, well or badly. */
final class ResumeNotice implements AutoCloseable {
    private volatile boolean over;

    ResumeNotice(String command) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            if (!over) {
                                System.err.println(
                                        "\nsave4j: stopped. Continue from the last checkpoint with: " + command);
                            }
                        },
                        "save4j-resume-notice"));
    }

    @Override
    public void close() {
        over = true;
    }
}

package dev.save4j.engine;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Lets native calls finish before the process ends. At exit the destructors of native libraries run while other threads may still be inside them
 * (after Ctrl-C, say), which crashes the JVM: each engine brackets what it calls for long, and the exit waits for calls under way and admits no more.
 *
 * <pre>{@code
 * try (NativeCalls.Call call = NativeCalls.enter()) {
 *     session.run(inputs);
 * }
 * }</pre>
 *
 * Thread-safe; costs tens of nanoseconds and no memory. A thread that enters while the process ends waits until it has ended.
 */
public final class NativeCalls {
    /** The longest a process that was told to end waits for a call. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final ReentrantReadWriteLock GATE = new ReentrantReadWriteLock();
    private static final Call CALL = () -> GATE.readLock().unlock();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(NativeCalls::shut, "save4j-native-calls"));
    }

    private NativeCalls() {}

    /** A native call under way; closed by the thread that entered. */
    @FunctionalInterface
    public interface Call extends AutoCloseable {
        @Override
        void close();
    }

    /** Marks the beginning of a native call. May be nested. */
    public static Call enter() {
        GATE.readLock().lock();
        return CALL;
    }

    private static void shut() {
        try {
            // Never released: the thread ends, and the gate stays shut.
            if (!GATE.writeLock().tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                System.err.println(
                        "save4j: a native call did not end within " + PATIENCE.toSeconds() + " s; leaving without it");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.save4j.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Watches and disturbs the memory of the process. */
final class Memory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private Memory() {}

    /** Resident bytes after a collection, where the system tells. */
    static OptionalLong resident() {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        System.gc();
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /**
     * Runs work while another thread collects garbage and fills fresh native memory with numbers that are easily seen, so that memory that was freed
     * too early does not look right by luck.
     */
    static <T> T disturbed(Supplier<T> work) {
        AtomicBoolean running = new AtomicBoolean(true);
        Thread disturber = new Thread(
                () -> {
                    while (running.get()) {
                        System.gc();
                        List<ByteBuffer> poisoned = new ArrayList<>();
                        for (int i = 0; i < 400; i++) {
                            ByteBuffer bytes = ByteBuffer.allocateDirect(4 << (i % 8));
                            while (bytes.hasRemaining()) {
                                bytes.put((byte) 0x7d);
                            }
                            poisoned.add(bytes);
                        }
                        // Until here they are reachable.
                        poisoned.clear();
                    }
                },
                "memory-disturber");
        disturber.setDaemon(true);
        disturber.start();
        try {
            return work.get();
        } finally {
            running.set(false);
            try {
                disturber.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

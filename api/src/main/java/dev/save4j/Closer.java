package dev.save4j;

import java.util.ArrayDeque;
import java.util.Deque;

/** Owns resources and closes them in reverse order, all of them even when one fails. */
public final class Closer implements AutoCloseable {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /** Takes a resource over and returns it. */
    public <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    /** Closes everything because of a failure, to which failures of closing are added. */
    public void closeAfter(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException closing) {
            failure.addSuppressed(closing);
        }
    }

    @Override
    public void close() {
        RuntimeException first = null;
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception failed) {
                RuntimeException failure =
                        failed instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failed);
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}

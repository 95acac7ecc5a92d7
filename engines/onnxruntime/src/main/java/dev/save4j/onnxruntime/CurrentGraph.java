package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The native session of a graph that is opened anew when weights have changed. Owns it. Not thread-safe. */
final class CurrentGraph implements AutoCloseable {
    private final String name;
    /** Nothing behind a refresh that failed. */
    private @Nullable BoundGraph bound;

    private boolean closed;

    CurrentGraph(String name, BoundGraph first) {
        this.name = name;
        this.bound = first;
    }

    /** An INTERNAL error when it is closed, an ENGINE error when it could not be opened anew. */
    BoundGraph get() {
        requireOpen();
        if (bound == null) {
            throw SaveException.engine(
                    "the last refresh of the session of graph '" + name + "' failed; refresh it once more");
        }
        return bound;
    }

    /** Closes the session first, so that packed weights are never held twice. May be tried again when it fails. */
    void replace(Supplier<BoundGraph> next) {
        requireOpen();
        release();
        bound = next.get();
    }

    private void requireOpen() {
        if (closed) {
            throw SaveException.internal("the session of graph '" + name + "' is closed");
        }
    }

    private void release() {
        if (bound != null) {
            BoundGraph open = bound;
            bound = null;
            open.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        release();
    }
}

package dev.save4j.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file read through one memory-mapped window at a time, because a Java buffer ends at 2 GiB. Not safe for use by several threads. */
final class MappedFile implements AutoCloseable {
    static final long DEFAULT_WINDOW = 1L << 30;

    private final FileChannel channel;
    private final long size;
    private final long windowBytes;
    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowStart;

    MappedFile(Path file, long windowBytes) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.READ);
        this.size = channel.size();
        this.windowBytes = windowBytes;
    }

    long size() {
        return size;
    }

    /** Fills the target from its position to its limit with the bytes from {@code position} on, which the caller knows to exist. */
    void copy(long position, ByteBuffer target) throws IOException {
        long from = position;
        while (target.hasRemaining()) {
            if (from < windowStart || from >= windowStart + window.capacity()) {
                windowStart = from / windowBytes * windowBytes;
                window = channel.map(
                        FileChannel.MapMode.READ_ONLY, windowStart, Math.min(windowBytes, size - windowStart));
            }
            int offset = (int) (from - windowStart);
            int count = Math.min(target.remaining(), window.capacity() - offset);
            target.put(window.slice(offset, count));
            from += count;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

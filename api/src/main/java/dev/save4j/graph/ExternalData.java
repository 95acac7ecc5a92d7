package dev.save4j.graph;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files beside a model that hold its large tensors. Only files in the model's folder are opened. Not thread-safe. */
final class ExternalData implements AutoCloseable {
    private final @Nullable Path model;
    private final Map<String, FileChannel> open = new HashMap<>();

    /** @param model the model's file; absent when only its bytes are known */
    ExternalData(@Nullable Path model) {
        this.model = model;
    }

    /**
     * Finds the bytes of a tensor and checks that they are there.
     *
     * @param where the tensor's message, for errors
     */
    void check(WireReader where, String location, long offset, long length) {
        try {
            long size = channel(where, location).size();
            if (offset < 0 || offset > size || length > size - offset) {
                throw where.problem("its values are " + length + " bytes at offset " + offset + " of '" + location
                        + "', which has " + size + " bytes; the data file does not belong to this model or is cut off");
            }
        } catch (IOException failed) {
            throw unreadable(where, location, failed);
        }
    }

    void read(WireReader where, String location, long offset, ByteBuffer target) {
        try {
            FileChannel channel = channel(where, location);
            long at = offset;
            while (target.hasRemaining()) {
                int count = channel.read(target, at);
                if (count < 0) {
                    throw where.problem("'" + location + "' became shorter while it was read");
                }
                at += count;
            }
        } catch (IOException failed) {
            throw unreadable(where, location, failed);
        }
    }

    private FileChannel channel(WireReader where, String location) throws IOException {
        FileChannel known = open.get(location);
        if (known == null) {
            known = FileChannel.open(resolve(where, location), StandardOpenOption.READ);
            open.put(location, known);
        }
        return known;
    }

    private Path resolve(WireReader where, String location) throws IOException {
        if (model == null) {
            throw where.problem("its values are in the file '" + location
                    + "', which cannot be found because the model was not read from a file");
        }
        Path folder = folder(model.toAbsolutePath().normalize());
        Path file;
        try {
            file = folder.resolve(location.replace('\\', '/')).normalize();
        } catch (InvalidPathException malformed) {
            throw where.problem("'" + location + "' is no file name");
        }
        if (location.isEmpty() || !file.startsWith(folder) || file.equals(folder)) {
            throw outside(where, location);
        }
        if (!Files.isRegularFile(file)) {
            throw where.problem(
                    "its values are in '" + location + "', but there is no such file beside the model; copy it there");
        }
        // A cache may link both the model and its data into one other folder.
        Path real = file.toRealPath();
        if (!real.startsWith(folder.toRealPath()) && !real.startsWith(folder(model.toRealPath()))) {
            throw outside(where, location);
        }
        return file;
    }

    private static Path folder(Path file) {
        Path folder = file.getParent();
        return folder == null ? file : folder;
    }

    private static SaveException outside(WireReader where, String location) {
        return where.problem("its values are said to be in '" + location
                + "', which is not inside the model's folder; nothing outside that folder is opened");
    }

    private static SaveException unreadable(WireReader where, String location, IOException failed) {
        return SaveException.resources(
                where.problem("'" + location + "' cannot be read: " + failed.getMessage())
                        .getMessage(),
                failed);
    }

    @Override
    public void close() {
        for (FileChannel channel : open.values()) {
            try {
                channel.close();
            } catch (IOException failed) {
                throw SaveException.resources(model + ": its external data cannot be closed", failed);
            }
        }
        open.clear();
    }
}

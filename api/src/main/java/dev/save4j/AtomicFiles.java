package dev.save4j;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Files and folders that appear complete or not at all: they are written under a temporary name beside their place, forced to disk and renamed.
 * Whatever fails on the way leaves the place as it was and the temporary name removed.
 */
public final class AtomicFiles {
    private AtomicFiles() {}

    /** Writes the bytes of one file. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Fills a new, empty folder. */
    @FunctionalInterface
    public interface FolderContent {
        void writeTo(Path folder) throws IOException;
    }

    /**
     * Writes or replaces a file, making its parent folders when they are missing. A RESOURCES error naming the file when the disk refuses;
     * a {@link SaveException} thrown by the content passes unchanged.
     */
    public static void write(Path target, Content content) {
        Path place = target.toAbsolutePath();
        if (Files.isDirectory(place)) {
            throw SaveException.user("cannot write the file " + target + ": there is a folder of that name");
        }
        Path temporary = temporaryName(place);
        try {
            Files.createDirectories(parentOf(place));
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            rename(temporary, place);
        } catch (IOException failed) {
            throw SaveException.resources("cannot write " + target + ": " + reason(failed), failed);
        } finally {
            deleteQuietly(temporary);
        }
    }

    /** Writes or replaces a text file in UTF-8. */
    public static void write(Path target, String text) {
        write(target, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes or replaces a file with these bytes. */
    public static void write(Path target, byte[] bytes) {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /** Writes the buffer from its position to its limit. */
    public static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /**
     * Makes a folder with its content. The place must be free or an empty folder, otherwise a USER error before anything is written: a folder
     * with files in it cannot be replaced in one step.
     */
    public static void writeFolder(Path target, FolderContent content) {
        Path place = target.toAbsolutePath();
        Path temporary = temporaryName(place);
        try {
            if (Files.exists(place, LinkOption.NOFOLLOW_LINKS) && !isEmptyFolder(place)) {
                throw SaveException.user("cannot write the folder " + target
                        + ": it exists and is not empty; choose another name or move it away");
            }
            Files.createDirectories(parentOf(place));
            Files.createDirectory(temporary);
            content.writeTo(temporary);
            forceTree(temporary);
            rename(temporary, place);
        } catch (IOException failed) {
            throw SaveException.resources("cannot write the folder " + target + ": " + reason(failed), failed);
        } finally {
            deleteQuietly(temporary);
        }
    }

    private static Path temporaryName(Path place) {
        return place.resolveSibling("." + place.getFileName() + "." + UUID.randomUUID() + ".tmp");
    }

    private static Path parentOf(Path place) throws IOException {
        Path parent = place.getParent();
        if (parent == null) {
            throw new IOException("a root folder cannot be written");
        }
        return parent;
    }

    private static boolean isEmptyFolder(Path place) throws IOException {
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        try (Stream<Path> files = Files.list(place)) {
            return files.findAny().isEmpty();
        }
    }

    private static void rename(Path temporary, Path place) throws IOException {
        try {
            Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException unsupported) {
            Files.move(temporary, place, StandardCopyOption.REPLACE_EXISTING);
        }
        forceFolder(parentOf(place));
    }

    private static void forceTree(Path folder) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(folder)) {
            paths = walk.toList();
        }
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                forceFolder(path);
            } else {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
            }
        }
    }

    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException unsupported) {
            // Windows cannot open a folder; there the rename itself is journaled.
            return;
        }
    }

    /** The bare name of a missing file is the whole message of its exception. */
    private static String reason(IOException failed) {
        return failed instanceof NoSuchFileException ? "there is no " + failed.getMessage() : failed.toString();
    }

    private static void deleteQuietly(Path path) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            Files.walkFileTree(path, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, IOException failed) throws IOException {
                    Files.delete(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException left) {
            // The first failure is what the caller is told; a left-over temporary name begins with a dot and harms
            // nobody.
            return;
        }
    }
}

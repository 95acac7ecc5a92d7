package dev.save4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path folder;

    @Test
    void writesAndReplacesAFile() throws IOException {
        Path file = folder.resolve("deep/er/config.json");

        AtomicFiles.write(file, "old");
        AtomicFiles.write(file, "né");

        assertThat(Files.readString(file)).isEqualTo("né");
        assertThat(listing(file.getParent())).containsExactly("config.json");
    }

    @Test
    void aFailingContentLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("config.json");
        AtomicFiles.write(file, "old");

        assertThatThrownBy(() -> AtomicFiles.write(file, channel -> {
                    throw new IOException("no space left");
                }))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessage("cannot write " + file + ": java.io.IOException: no space left");
        assertThat(Files.readString(file)).isEqualTo("old");
        assertThat(listing(folder)).containsExactly("config.json");
    }

    @Test
    void aFolderInTheWayIsAUserError() throws IOException {
        Path file = Files.createDirectory(folder.resolve("config.json"));

        assertThatThrownBy(() -> AtomicFiles.write(file, "x"))
                .hasMessage("cannot write the file " + file + ": there is a folder of that name");
    }

    @Test
    void writesAFolderInOnePiece() throws IOException {
        Path model = folder.resolve("models/tiny");

        AtomicFiles.writeFolder(model, place -> {
            Files.writeString(place.resolve("a"), "1");
            Files.createDirectory(place.resolve("sub"));
            Files.writeString(place.resolve("sub/b"), "2");
            assertThat(model).doesNotExist();
        });

        assertThat(Files.readString(model.resolve("sub/b"))).isEqualTo("2");
        assertThat(listing(model.getParent())).containsExactly("tiny");
    }

    @Test
    void anEmptyFolderIsFilled() throws IOException {
        Path model = Files.createDirectory(folder.resolve("tiny"));

        AtomicFiles.writeFolder(model, place -> Files.writeString(place.resolve("a"), "1"));

        assertThat(listing(model)).containsExactly("a");
    }

    @Test
    void aFilledFolderIsNotReplaced() throws IOException {
        AtomicFiles.write(folder.resolve("tiny/a"), "1");
        Path model = folder.resolve("tiny");

        assertThatThrownBy(() -> AtomicFiles.writeFolder(model, place -> Files.writeString(place.resolve("b"), "2")))
                .hasMessage("cannot write the folder " + model
                        + ": it exists and is not empty; choose another name or move it away");
        assertThat(listing(model)).containsExactly("a");
    }

    @Test
    void aFailingFolderLeavesNothing() throws IOException {
        Path model = folder.resolve("tiny");

        assertThatThrownBy(() -> AtomicFiles.writeFolder(model, place -> {
                    Files.writeString(place.resolve("a"), "1");
                    Files.copy(place.resolve("missing"), place.resolve("b"));
                }))
                .hasMessageStartingWith("cannot write the folder " + model + ": there is no ")
                .hasMessageEndingWith("missing");
        assertThat(listing(folder)).isEmpty();
    }

    private static Stream<String> listing(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList().stream();
        }
    }
}

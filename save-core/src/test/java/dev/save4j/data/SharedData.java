package dev.save4j.data;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds real data sets beside the checkout; a test that needs one is skipped with a message where they are not there. */
final class SharedData {
    private SharedData() {}

    static Path path(String relative) {
        Path file = Path.of(System.getProperty("save4j.shared", "../../shared"), "data", relative);
        assumeTrue(
                Files.exists(file),
                "skipped: " + relative + " is not there; set save4j.shared to the folder that holds data/");
        return file;
    }
}

package dev.save4j.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Real test data beside the checkout, which is there on some machines only. */
final class SharedData {
    private SharedData() {}

    /** A folder of the data, if the system property {@code save4j.shared} leads to it. */
    static Optional<Path> folder(String name) {
        String shared = System.getProperty("save4j.shared", "");
        return shared.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(shared, "data", name)).filter(Files::isDirectory);
    }
}

package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the files of a benchmark in a folder of data. */
final class BenchmarkFiles {
    private BenchmarkFiles() {}

    /**
     * The data files in those folders whose names are given, or in the folder of data itself when it has such a name; in the order of their paths.
     *
     * @param names in lower case without punctuation, see {@link #plain}
     */
    static List<Path> of(Path data, Set<String> names) {
        if (!Files.isDirectory(data)) {
            throw SaveException.user(
                    "there is no folder '" + data + "' of benchmarks; expected one with a folder for each benchmark");
        }
        Path root = data.toAbsolutePath().normalize();
        if (root.getFileName() != null
                && names.contains(plain(root.getFileName().toString()))) {
            return walk(data);
        }
        try (Stream<Path> folders = Files.list(data)) {
            return folders.filter(Files::isDirectory)
                    .filter(folder -> names.contains(plain(folder.getFileName().toString())))
                    .sorted()
                    .flatMap(folder -> walk(folder).stream())
                    .toList();
        } catch (IOException failed) {
            throw SaveException.resources("cannot list '" + data + "': " + failed, failed);
        }
    }

    /**
     * Where a file of a benchmark lies, {@link #plain}: its path below the folder of data, after the name of that folder when it is one of the names. What
     * is above, such as the home of a user, says nothing about the file.
     */
    static String where(Path data, Set<String> names, Path file) {
        Path root = data.toAbsolutePath().normalize();
        String folder =
                root.getFileName() == null ? "" : plain(root.getFileName().toString());
        return (names.contains(folder) ? folder : "")
                + plain(root.relativize(file.toAbsolutePath().normalize()).toString());
    }

    private static List<Path> walk(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(BenchmarkFiles::isData)
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        } catch (IOException failed) {
            throw SaveException.resources("cannot list '" + folder + "': " + failed, failed);
        }
    }

    /** By its name. */
    static boolean isData(Path file) {
        return file.getFileName().toString().matches("[^.].*\\.(jsonl?|parquet)(\\.gz)?");
    }

    /** Letters and digits alone, in lower case: {@code RM-Bench} and {@code rm_bench} are one name. */
    static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    static Set<String> subsets(List<Item> items) {
        return items.stream().map(Item::subset).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The items, with numbers after names that came before. */
    static List<Item> distinct(List<Item> items) {
        Set<String> seen = new HashSet<>();
        return items.stream()
                .map(item -> {
                    String id = item.id();
                    for (int copy = 2; !seen.add(id); copy++) {
                        id = item.id() + "#" + copy;
                    }
                    return id.equals(item.id())
                            ? item
                            : new Item(id, item.group(), item.subset(), item.prompt(), item.answers(), item.pairs());
                })
                .toList();
    }
}

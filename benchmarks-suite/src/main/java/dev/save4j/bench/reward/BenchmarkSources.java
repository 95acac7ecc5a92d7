package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.models.HubCache;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Brings data sets of a hub into a folder of benchmarks, by links into the hub's cache. */
public final class BenchmarkSources {
    /** Stands for the data sets of the benchmarks that are asked for. */
    public static final String HUB = "hub";

    private final HubCache cache;

    public BenchmarkSources(HubCache cache) {
        this.cache = cache;
    }

    /** Whether a user means data sets of a hub rather than a folder. */
    public static boolean areMeant(List<String> data) {
        return data.stream().allMatch(text -> text.equals(HUB) || HubCache.isId(text) && !Files.exists(Path.of(text)));
    }

    /**
     * The data sets by their ids.
     *
     * @param data ids, or {@link #HUB}
     * @param benchmarks names of benchmarks, or all
     * @throws SaveException USER when a benchmark is on no hub
     */
    public static List<String> ids(List<String> data, List<String> benchmarks) {
        List<String> ids = new ArrayList<>();
        for (String text : data) {
            if (text.equals(HUB)) {
                for (Benchmark benchmark : Benchmarks.all()) {
                    boolean named = benchmarks.contains(benchmark.name());
                    if (named && benchmark.dataSets().isEmpty()) {
                        throw SaveException.user(benchmark.title()
                                + " is no data set of a hub; put its files into a folder and name that as --data");
                    }
                    if (named || benchmarks.equals(List.of("all"))) {
                        ids.addAll(benchmark.dataSets());
                    }
                }
            } else {
                ids.add(text);
            }
        }
        return ids.stream().distinct().toList();
    }

    /**
     * Links the files of data sets into {@code folder}, each set under its own name.
     *
     * @param download whether what is not in the cache may be fetched, and what is there renewed
     * @param optional whether sets that are not in the cache are left out, as long as one is there
     * @throws SaveException USER saying how to get what is not here
     */
    public void link(List<String> ids, Path folder, boolean download, boolean optional, Consumer<String> progress) {
        List<String> missing = new ArrayList<>();
        int found = 0;
        for (String id : ids) {
            Optional<Path> snapshot = download
                    ? Optional.of(cache.get(id, path -> BenchmarkFiles.isData(Path.of(path)), progress))
                    : cache.dataset(id);
            if (snapshot.isPresent()) {
                found++;
                linkAll(
                        snapshot.get(),
                        folder.resolve(id.replaceFirst("^.*/", "").replaceFirst("@.*$", "")));
            } else {
                missing.add(id);
            }
        }
        if (!missing.isEmpty() && (!optional || found == 0)) {
            throw SaveException.user("the data sets " + String.join(", ", missing)
                    + " are not in the cache of the hub; --download fetches them, once");
        }
    }

    private static void linkAll(Path snapshot, Path folder) {
        try (Stream<Path> files = Files.walk(snapshot)) {
            for (Path file : files.filter(BenchmarkFiles::isData)
                    .filter(Files::isRegularFile)
                    .toList()) {
                Path place = folder.resolve(snapshot.relativize(file).toString());
                Files.createDirectories(Objects.requireNonNull(place.getParent()));
                Files.deleteIfExists(place);
                linkFile(place, file.toRealPath());
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot link " + snapshot + " into " + folder + ": " + failed, failed);
        }
    }

    private static void linkFile(Path place, Path file) throws IOException {
        try {
            Files.createSymbolicLink(place, file);
        } catch (UnsupportedOperationException | FileSystemException unsupported) {
            if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
                throw unsupported;
            }
            Files.copy(file, place);
        }
    }
}

package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.models.HubCache;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
     * Links the files of data sets into {@code folder}, each set under its own name. Links of an earlier time go first, so that the folder has no other set
     * of a hub and no other revision; what else is in it stays.
     *
     * @param download whether what is not in the cache may be fetched, and what is there renewed
     * @param optional whether sets that are not in the cache are left out, as long as one is there
     * @throws SaveException USER saying how to get what is not here; when two sets, or a set and files of another origin, would be measured as one
     */
    public void link(List<String> ids, Path folder, boolean download, boolean optional, Consumer<String> progress) {
        refuseEqualNames(ids);
        Map<String, Path> snapshots = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        for (String id : ids) {
            Optional<Path> snapshot = download
                    ? Optional.of(cache.get(id, path -> BenchmarkFiles.isData(Path.of(path)), progress))
                    : cache.dataset(id);
            snapshot.ifPresentOrElse(found -> snapshots.put(name(id), found), () -> missing.add(id));
        }
        if (!missing.isEmpty() && (!optional || snapshots.isEmpty())) {
            throw SaveException.user("the data sets " + String.join(", ", missing)
                    + " are not in the cache of the hub; --download fetches them, once");
        }
        try {
            unlink(folder);
            for (Map.Entry<String, Path> snapshot : snapshots.entrySet()) {
                linkAll(snapshot.getValue(), folder.resolve(snapshot.getKey()));
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot link data sets of the hub into " + folder + ": " + failed, failed);
        }
    }

    /** Without organisation and revision. */
    private static String name(String id) {
        return id.replaceFirst("^.*/", "").replaceFirst("@.*$", "");
    }

    private static void refuseEqualNames(List<String> ids) {
        Map<String, String> seen = new HashMap<>();
        for (String id : ids) {
            String before = seen.put(BenchmarkFiles.plain(name(id)), id);
            if (before != null) {
                throw SaveException.user("the data sets " + before + " and " + id + " have one name and would be"
                        + " measured as one; give each its own --data and --out");
            }
        }
    }

    /** Removes links into a cache of a hub, whichever it was. */
    private static void unlink(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isSymbolicLink).toList()) {
                for (Path part : Files.readSymbolicLink(file)) {
                    if (part.toString().startsWith("datasets--")) {
                        Files.delete(file);
                        break;
                    }
                }
            }
        }
    }

    private static void linkAll(Path snapshot, Path folder) throws IOException {
        List<Path> inside = dataIn(snapshot);
        for (Path file : Files.isDirectory(folder) ? dataIn(folder) : List.<Path>of()) {
            Path same = snapshot.resolve(folder.relativize(file).toString());
            if (!inside.contains(same) || Files.mismatch(file, same) >= 0) {
                throw SaveException.user(file + " does not belong to the data set and would be measured with it; move"
                        + " it out of " + folder + ", or use another --out");
            }
        }
        for (Path file : inside) {
            Path place = folder.resolve(snapshot.relativize(file).toString());
            if (!Files.exists(place)) {
                Files.createDirectories(Objects.requireNonNull(place.getParent()));
                linkFile(place, file.toRealPath());
            }
        }
    }

    private static List<Path> dataIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(BenchmarkFiles::isData)
                    .filter(Files::isRegularFile)
                    .toList();
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

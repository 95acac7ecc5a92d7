package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.tokenizers.JsonFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * Data sets of a Hugging Face hub in the cache that its own libraries use, {@code datasets--org--name/snapshots/COMMIT}. What they have fetched is found
 * here, and the other way round. Only {@link #get} goes to the network.
 *
 * <p>{@code HF_HUB_CACHE} or {@code HF_HOME} move the cache, {@code HF_ENDPOINT} is the hub, {@code HF_TOKEN} opens data sets that are not for
 * everybody. Source of the layout: huggingface_hub, guide "Understand caching".
 */
public final class HubCache {
    private static final String HUB = "https://huggingface.co";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LONGEST_LISTING = 64L << 20;

    private final Path root;
    private final String endpoint;
    private final Download download;

    HubCache(Path root, String endpoint, Download download) {
        this.root = root;
        this.endpoint = endpoint.replaceFirst("/+$", "");
        this.download = download;
    }

    /** The cache of the user who runs this program. */
    public static HubCache ofUser() {
        return of(System.getenv());
    }

    /** By variables such as those of the environment. */
    public static HubCache of(Map<String, String> environment) {
        Path home = variable(environment, "HF_HOME")
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache", "huggingface"));
        return new HubCache(
                variable(environment, "HF_HUB_CACHE").map(Path::of).orElse(home.resolve("hub")),
                variable(environment, "HF_ENDPOINT").orElse(HUB),
                new Download(PATIENCE, variable(environment, "HF_TOKEN")));
    }

    /** Set to nothing is not set. */
    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /** Whether a text looks like the id of a data set, {@code org/name} with perhaps {@code @revision} behind it. */
    public static boolean isId(String text) {
        return text.matches("[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*(@[\\w.-]+)?");
    }

    /** The folder of a data set's files, {@code main} where no revision is named; empty when it is not here. A USER error for what is no id. */
    public Optional<Path> dataset(String id) {
        Id wanted = Id.of(id);
        Path folder = root.resolve(wanted.folder());
        Path reference = folder.resolve("refs").resolve(wanted.revision());
        String commit = wanted.revision();
        if (Files.isRegularFile(reference)) {
            try {
                commit = Files.readString(reference, StandardCharsets.UTF_8).strip();
            } catch (IOException failed) {
                throw SaveException.resources("cannot read " + reference + ": " + failed, failed);
            }
        }
        return Optional.of(folder.resolve("snapshots").resolve(requireName(commit, reference)))
                .filter(Files::isDirectory);
    }

    /**
     * Fetches the newest files of a data set. What is here already stays; what has arrived in part goes on. Each file is checked by the hash that the hub
     * names, and the snapshot is only found once it is complete.
     *
     * @param files which of them, by their paths
     * @param progress is told in a line of text what is done
     * @return the folder of the files
     */
    public Path get(String id, Predicate<String> files, Consumer<String> progress) {
        Id wanted = Id.of(id);
        Path folder = root.resolve(wanted.folder());
        try {
            Files.createDirectories(folder.resolve("blobs"));
            JsonNode listing = listing(wanted, folder);
            String commit = requireName(listing.path("sha").asString(""), folder);
            Path snapshot = folder.resolve("snapshots").resolve(commit);
            List<Remote> remote = remote(listing, wanted, files);
            if (remote.isEmpty()) {
                throw SaveException.user("the data set " + id + " on " + endpoint
                        + " has none of the files wanted; it has " + names(listing));
            }
            for (Remote file : remote) {
                Path blob = blob(wanted, commit, folder, file, progress);
                link(snapshot, file.path(), blob);
            }
            AtomicFiles.write(folder.resolve("refs").resolve(wanted.revision()), commit);
            return snapshot;
        } catch (IOException failed) {
            throw SaveException.resources("cannot write to the cache " + folder + ": " + failed, failed);
        }
    }

    private record Id(String organisation, String name, String revision) {
        static Id of(String text) {
            if (!isId(text)) {
                throw SaveException.user("'" + text + "' is no id of a data set; expected ORGANISATION/NAME");
            }
            String[] parts = text.split("[/@]");
            return new Id(parts[0], parts[1], parts.length > 2 ? parts[2] : "main");
        }

        String folder() {
            return "datasets--" + organisation + "--" + name;
        }

        String path() {
            return "datasets/" + organisation + "/" + name;
        }
    }

    /** @param lfs whether the hash is SHA-256 of the content, otherwise that of a Git blob */
    private record Remote(String path, long bytes, String hash, boolean lfs) {}

    private JsonNode listing(Id wanted, Path folder) throws IOException {
        URI address = address("/api/" + wanted.path() + "/revision/" + wanted.revision() + "?blobs=true");
        Path file = Files.createTempFile(folder, "listing", ".json");
        try {
            download.get(address, file, LONGEST_LISTING, bytes -> {});
            return JsonFiles.readObject(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private URI address(String path) {
        String whole = endpoint + path;
        if (!whole.startsWith("https://") && !whole.startsWith("http://")) {
            throw SaveException.user("HF_ENDPOINT is '" + endpoint + "', expected the address of a hub");
        }
        return URI.create(whole);
    }

    private static List<String> names(JsonNode listing) {
        List<String> names = new ArrayList<>();
        listing.path("siblings")
                .forEach(entry -> names.add(entry.path("rfilename").asString("")));
        return names;
    }

    private static List<Remote> remote(JsonNode listing, Id wanted, Predicate<String> files) {
        List<Remote> remote = new ArrayList<>();
        for (JsonNode entry : listing.path("siblings")) {
            String path = entry.path("rfilename").asString("");
            if (files.test(path)) {
                boolean lfs = entry.path("lfs").isObject();
                String hash = lfs
                        ? entry.path("lfs").path("sha256").asString("")
                        : entry.path("blobId").asString("");
                long bytes = entry.path("size").asLong(-1);
                boolean inside = List.of(path.split("/", -1)).stream()
                        .allMatch(part ->
                                !part.isEmpty() && !part.equals("..") && !part.equals(".") && !part.contains("\\"));
                if (!inside || !hash.matches(lfs ? "[0-9a-f]{64}" : "[0-9a-f]{40}") || bytes < 0) {
                    throw SaveException.resources("the hub lists the file '" + path + "' of " + wanted.path()
                            + " without size and hash, or with a path out of its folder: " + entry);
                }
                remote.add(new Remote(path, bytes, hash, lfs));
            }
        }
        return remote;
    }

    /** The file in the cache by its hash, fetched if it is not there. */
    private Path blob(Id wanted, String commit, Path folder, Remote file, Consumer<String> progress)
            throws IOException {
        Path blob = folder.resolve("blobs").resolve(file.hash());
        if (Files.isRegularFile(blob)) {
            return blob;
        }
        URI address = address("/" + wanted.path() + "/resolve/" + commit + "/" + encoded(file.path()));
        Path part = folder.resolve("blobs").resolve(file.hash() + ".incomplete");
        progress.accept("downloading " + address + ", " + file.bytes() + " bytes");
        if (!Files.isRegularFile(part) || Files.size(part) != file.bytes()) {
            download.resume(address, part, file.bytes(), bytes -> {});
        }
        String found = hash(part, file.lfs());
        if (!found.equals(file.hash())) {
            long size = Files.size(part);
            Files.delete(part);
            throw SaveException.resources(address + " gave " + size + " bytes with the hash " + found + ", expected "
                    + file.bytes() + " bytes with " + file.hash() + "; it is damaged, try again");
        }
        return Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String encoded(String path) {
        return String.join(
                "/",
                List.of(path.split("/")).stream()
                        .map(part ->
                                URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                        .toList());
    }

    private static void link(Path snapshot, String path, Path blob) throws IOException {
        Path place = snapshot.resolve(path);
        Path parent = Objects.requireNonNull(place.getParent());
        Files.createDirectories(parent);
        if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            Files.createSymbolicLink(place, parent.relativize(blob));
        } catch (UnsupportedOperationException | FileSystemException unsupported) {
            // Where links are not allowed, the libraries of the hub copy too.
            Files.copy(blob, place);
        }
    }

    /** SHA-256 of the content, or SHA-1 as Git takes it: of a header with the length, and the content. */
    private static String hash(Path file, boolean lfs) throws IOException {
        MessageDigest digest = digest(lfs ? "SHA-256" : "SHA-1");
        if (!lfs) {
            digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException missing) {
            throw SaveException.internal("this Java has no " + algorithm, missing);
        }
    }

    private static String requireName(String commit, Path where) {
        if (!commit.matches("[\\w.-]+") || commit.matches("\\.+")) {
            throw SaveException.user(where + " names the commit '" + commit
                    + "', which is none; delete the folder of the" + " data set and get it again");
        }
        return commit;
    }
}

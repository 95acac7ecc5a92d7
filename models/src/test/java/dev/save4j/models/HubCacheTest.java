package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.save4j.SaveException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against hubs on this machine; nothing here reaches the network. */
class HubCacheTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String LISTING = "/api/datasets/org/set/revision/main?blobs=true";
    private static final byte[] ROWS = "{\"a\": 1}\n".repeat(5000).getBytes(StandardCharsets.UTF_8);
    private static final byte[] CARD = "# A set\n".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final List<String> progress = new ArrayList<>();
    private final Map<String, byte[]> answers = new HashMap<>();
    private HttpServer server;
    private HttpServer store;
    private boolean ranges = true;
    private Optional<String> token = Optional.empty();

    @BeforeEach
    void start() throws IOException, GeneralSecurityException {
        server = server();
        store = server();
        answers.put(LISTING, listing(ROWS, "data/rows 1.jsonl"));
        answers.put("/datasets/org/set/resolve/" + COMMIT + "/data/rows%201.jsonl", ROWS);
        answers.put("/datasets/org/set/resolve/" + COMMIT + "/README.md", CARD);
    }

    private HttpServer server() throws IOException {
        HttpServer made = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        made.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange, made == store);
            }
        });
        made.start();
        return made;
    }

    private void answer(HttpExchange exchange, boolean ofStore) throws IOException {
        String path = exchange.getRequestURI().toString();
        String range = exchange.getRequestHeaders().getFirst("Range");
        requests.add((ofStore ? "store " : "")
                + path
                + (range == null ? "" : " " + range)
                + Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
                        .map(value -> " " + value)
                        .orElse(""));
        byte[] bytes = answers.get(path);
        if (bytes == null) {
            exchange.sendResponseHeaders(404, -1);
        } else if (!ofStore && path.contains("/resolve/") && path.endsWith(".jsonl")) {
            // As the real hub does for large files.
            exchange.getResponseHeaders()
                    .add("Location", "http://127.0.0.1:" + store.getAddress().getPort() + path);
            exchange.sendResponseHeaders(302, -1);
        } else {
            int from = range == null || !ranges ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
            exchange.getResponseBody().write(bytes, from, bytes.length - from);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
        store.stop(0);
    }

    private static String hash(String algorithm, byte[]... parts) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance(algorithm);
        Arrays.stream(parts).forEach(digest::update);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String blob(byte[] content) throws GeneralSecurityException {
        return hash("SHA-1", ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII), content);
    }

    private static byte[] listing(byte[] rows, String path) throws GeneralSecurityException {
        return """
                {"sha": "%s", "siblings": [
                  {"rfilename": "README.md", "size": %d, "blobId": "%s"},
                  {"rfilename": "%s", "size": %d, "blobId": "%s", "lfs": {"sha256": "%s", "size": %d}}]}
                """.formatted(
                        COMMIT,
                        CARD.length,
                        blob(CARD),
                        path,
                        rows.length,
                        "0".repeat(40),
                        hash("SHA-256", rows),
                        rows.length)
                .getBytes(StandardCharsets.UTF_8);
    }

    private HubCache cache() {
        return new HubCache(
                folder.resolve("hub"),
                "http://localhost:" + server.getAddress().getPort() + "/",
                new Download(Duration.ofSeconds(20), token));
    }

    private Path get() {
        return cache().get("org/set", path -> true, progress::add);
    }

    @Test
    void filesAreFetchedOnceIntoTheLayoutOfTheHubsOwnCache() throws GeneralSecurityException {
        assertThat(cache().dataset("org/set")).isEmpty();
        Path snapshot = get();
        Path set = folder.resolve("hub/datasets--org--set");
        assertThat(snapshot).isEqualTo(set.resolve("snapshots/" + COMMIT));
        assertThat(snapshot.resolve("data/rows 1.jsonl")).hasBinaryContent(ROWS);
        assertThat(snapshot.resolve("README.md")).hasBinaryContent(CARD).isSymbolicLink();
        assertThat(set.resolve("blobs/" + hash("SHA-256", ROWS))).hasBinaryContent(ROWS);
        assertThat(set.resolve("blobs/" + blob(CARD))).hasBinaryContent(CARD);
        assertThat(set.resolve("refs/main")).hasContent(COMMIT);
        assertThat(cache().dataset("org/set")).contains(snapshot);
        assertThat(cache().dataset("org/set@" + COMMIT)).contains(snapshot);

        requests.clear();
        assertThat(get()).isEqualTo(snapshot);
        assertThat(requests).containsExactly(LISTING);
    }

    @Test
    void whatThePythonLibrariesHaveFetchedIsFound() throws IOException {
        Path set = folder.resolve("hub/datasets--org--set");
        Files.createDirectories(set.resolve("snapshots/abc"));
        Files.createDirectories(set.resolve("refs"));
        Files.writeString(set.resolve("refs/main"), "abc");
        assertThat(cache().dataset("org/set")).contains(set.resolve("snapshots/abc"));
        assertThat(requests).isEmpty();
    }

    @Test
    void aDownloadThatBrokeOffGoesOn() throws IOException, GeneralSecurityException {
        Path part = folder.resolve("hub/datasets--org--set/blobs/" + hash("SHA-256", ROWS) + ".incomplete");
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(ROWS, 1234));
        assertThat(get().resolve("data/rows 1.jsonl")).hasBinaryContent(ROWS);
        assertThat(requests).contains("store /datasets/org/set/resolve/" + COMMIT + "/data/rows%201.jsonl bytes=1234-");
        assertThat(part).doesNotExist();
    }

    @Test
    void aServerThatCannotGoOnSendsAllOfIt() throws IOException, GeneralSecurityException {
        ranges = false;
        Path part = folder.resolve("hub/datasets--org--set/blobs/" + hash("SHA-256", ROWS) + ".incomplete");
        Files.createDirectories(part.getParent());
        Files.write(part, new byte[1234]);
        assertThat(get().resolve("data/rows 1.jsonl")).hasBinaryContent(ROWS);
    }

    @Test
    void aDamagedFileIsRefusedAndTheSetIsNotFound() {
        byte[] damaged = ROWS.clone();
        damaged[7]++;
        answers.put("/datasets/org/set/resolve/" + COMMIT + "/data/rows%201.jsonl", damaged);
        assertThatThrownBy(this::get)
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageContaining("/data/rows%201.jsonl gave 45000 bytes with the hash ")
                .hasMessageEndingWith("; it is damaged, try again");
        assertThat(cache().dataset("org/set")).isEmpty();
        answers.put("/datasets/org/set/resolve/" + COMMIT + "/data/rows%201.jsonl", ROWS);
        assertThat(get().resolve("data/rows 1.jsonl")).hasBinaryContent(ROWS);
    }

    @Test
    void theTokenGoesToTheHubAlone() {
        token = Optional.of("secret");
        get();
        assertThat(requests)
                .contains(LISTING + " Bearer secret")
                .contains("store /datasets/org/set/resolve/" + COMMIT + "/data/rows%201.jsonl");
    }

    @Test
    void aPathOutOfTheFolderIsRefused() throws GeneralSecurityException {
        answers.put(LISTING, listing(ROWS, "../../../rows.jsonl"));
        assertThatThrownBy(this::get).hasMessageContaining("with a path out of its folder");
        assertThat(folder.resolve("rows.jsonl")).doesNotExist();
    }

    @Test
    void aSetThatIsNotThereIsAUserError() {
        answers.remove(LISTING);
        assertThatThrownBy(this::get)
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("answers with HTTP status 404: there is no such file");
        assertThatThrownBy(() -> cache().dataset("../etc"))
                .hasMessage("'../etc' is no id of a data set; expected ORGANISATION/NAME");
    }

    @Test
    void theEnvironmentSaysWhereTheCacheIs() throws IOException {
        Files.createDirectories(folder.resolve("home/hub/datasets--a--b/snapshots/main"));
        assertThat(HubCache.of(Map.of("HF_HOME", folder.resolve("home").toString()))
                        .dataset("a/b"))
                .isPresent();
        assertThat(HubCache.of(Map.of("HF_HUB_CACHE", folder.resolve("home/hub").toString()))
                        .dataset("a/b"))
                .isPresent();
        HubCache elsewhere = HubCache.of(Map.of(
                "HF_HOME",
                folder.toString(),
                "HF_ENDPOINT",
                "http://localhost:" + server.getAddress().getPort(),
                "HF_TOKEN",
                "secret"));
        elsewhere.get("org/set", path -> path.endsWith(".md"), progress::add);
        assertThat(requests).first().isEqualTo(LISTING + " Bearer secret");
        assertThat(elsewhere.dataset("org/set")).isPresent();
    }
}

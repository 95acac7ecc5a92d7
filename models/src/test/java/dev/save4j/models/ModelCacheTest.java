package dev.save4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.save4j.SaveException;
import dev.save4j.tokenizers.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.JsonNodeFactory;

/** Against a server on this machine; nothing here reaches the network. */
class ModelCacheTest {
    private static final String JAR_PATH = "/maven2/org/example/tiny-model/1.0/tiny-model-1.0.jar";
    private static final byte[] MODEL = new byte[100_000];
    private static final byte[] TOKENIZER = "{\"tokenizer\": true}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final List<String> progress = new ArrayList<>();
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private byte[] jar;
    private KnownModel model;
    private HttpServer server;
    private HttpHandler handler;

    @BeforeEach
    void start() throws IOException, GeneralSecurityException {
        jar = zip("in/model.onnx", MODEL, "in/tokenizer.json", TOKENIZER);
        model = model(jar, MODEL);
        handler = exchange -> answer(exchange, 200, jar);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            try (exchange) {
                handler.handle(exchange);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        stalled.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void downloadsOnceAndChecksAfterwards() throws IOException {
        ModelFolder got = cache().get("tiny", progress::add);
        ModelFolder again = cache().get("tiny", progress::add);

        assertThat(requests).containsExactly("GET " + JAR_PATH);
        assertThat(got.path()).isEqualTo(folder.resolve("cache/models/tiny")).isEqualTo(again.path());
        assertThat(got.requireOnnx()).hasBinaryContent(MODEL);
        assertThat(got.path().resolve("tokenizer.json")).hasBinaryContent(TOKENIZER);
        assertThat(got.config().path("hidden_size").intValue()).isEqualTo(4);
        assertThat(progress.get(0)).isEqualTo("downloading " + address());
        assertThat(progress.get(progress.size() - 1)).isEqualTo("received 0 of 0 MB");
        assertNoLeftovers();
    }

    @Test
    void followsARedirect() {
        handler = exchange -> {
            if (exchange.getRequestURI().getPath().equals(JAR_PATH)) {
                exchange.getResponseHeaders().add("Location", "/elsewhere.jar");
                answer(exchange, 302, new byte[0]);
            } else {
                answer(exchange, 200, jar);
            }
        };
        assertThat(cache().get("tiny", progress::add).requireOnnx()).exists();
        assertThat(requests).containsExactly("GET " + JAR_PATH, "GET /elsewhere.jar");
    }

    @Test
    void theLocalRepositoryComesFirst() throws IOException {
        Path local = folder.resolve("m2/org/example/tiny-model/1.0/tiny-model-1.0.jar");
        Files.createDirectories(local.getParent());
        Files.write(local, jar);

        assertThat(cache().get("tiny", progress::add).requireOnnx()).hasBinaryContent(MODEL);

        assertThat(requests).isEmpty();
        assertThat(progress).containsExactly("taking tiny out of " + local);
    }

    @Test
    void aJarOfTheUsersServesToo() throws IOException {
        Path own = Files.write(folder.resolve("own.jar"), jar);
        assertThat(cache().get("tiny", own).requireOnnx()).hasBinaryContent(MODEL);
        assertThat(requests).isEmpty();
        Path missing = folder.resolve("none.jar");
        assertThatThrownBy(() -> cache().get("tiny", missing))
                .hasMessage("there is no jar " + missing + "; expected that of org.example:tiny-model:1.0");
    }

    @Test
    void anotherJarIsRefused() throws IOException, GeneralSecurityException {
        byte[] other = zip("in/model.onnx", new byte[3], "in/tokenizer.json", TOKENIZER);
        Path own = Files.write(folder.resolve("own.jar"), other);
        assertThatThrownBy(() -> cache().get("tiny", own))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessage(own + " has " + other.length + " bytes with SHA-256 " + sha256(other) + ", expected "
                        + jar.length + " bytes with " + sha256(jar) + "; it is damaged, or another version");
        assertNoLeftovers();
    }

    @Test
    void aDamagedDownloadIsNamedByItsAddress() throws IOException, GeneralSecurityException {
        byte[] damaged = jar.clone();
        damaged[damaged.length / 2]++;
        handler = exchange -> answer(exchange, 200, damaged);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessageStartingWith(address() + " has " + jar.length + " bytes with SHA-256 " + sha256(damaged));
        assertNoLeftovers();
    }

    @Test
    void anEntryThatDiffersIsNamed() throws IOException, GeneralSecurityException {
        model = model(jar, new byte[100_000 - 1]);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessage("in/model.onnx in " + address() + " has 100000 bytes with SHA-256 " + sha256(MODEL)
                        + ", expected 99999 bytes with " + sha256(new byte[99_999])
                        + "; it is damaged, or another version");
        assertNoLeftovers();
    }

    @Test
    void anEntryThatIsMissingIsNamed() throws IOException, GeneralSecurityException {
        jar = zip("in/model.onnx", MODEL, "other", TOKENIZER);
        model = model(jar, MODEL);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessage(address() + " has no entry in/tokenizer.json; it is another version");
        assertNoLeftovers();
    }

    @Test
    void aMissingFileIsAUserError() throws IOException {
        handler = exchange -> answer(exchange, 404, "no".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(address()
                        + " answers with HTTP status 404: there is no such file; check the address of the repository");
        handler = exchange -> answer(exchange, 500, new byte[0]);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessage(address() + " answers with HTTP status 500");
        assertNoLeftovers();
    }

    @Test
    void anEndlessAnswerIsCutOff() throws IOException {
        byte[] longer = new byte[jar.length + 1];
        handler = exchange -> answer(exchange, 200, longer);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessage("cannot download " + address() + ": the answer is longer than the " + jar.length
                        + " bytes expected");
        assertNoLeftovers();
    }

    @Test
    void aSilentServerIsGivenUp() throws IOException {
        handler = exchange -> {
            exchange.sendResponseHeaders(200, jar.length);
            exchange.getResponseBody().write(jar, 0, 10);
            exchange.getResponseBody().flush();
            try {
                stalled.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        };
        assertThatThrownBy(() -> cache(Duration.ofSeconds(1)).get("tiny", progress::add))
                .hasMessage("nothing arrived from " + address()
                        + " for 1 s, after 10 bytes; try again, or give the jar yourself");
        assertNoLeftovers();
    }

    @Test
    void noServerIsAResourcesError() {
        server.stop(0);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessageStartingWith("cannot download " + address() + ": ");
    }

    @Test
    void aRepositoryMustBeOnTheWeb() {
        for (String wrong : List.of("file:///etc", "central", "")) {
            ModelCache cache = cache(wrong, Duration.ofSeconds(30));
            assertThatThrownBy(() -> cache.get("tiny", progress::add))
                    .hasMessage(
                            "'" + wrong + "' is not the address of a Maven repository: neither http:// nor https://;"
                                    + " change SAVE4J_MAVEN_REPOSITORY");
        }
        ModelCache cache = cache("http://a b", Duration.ofSeconds(30));
        assertThatThrownBy(() -> cache.get("tiny", progress::add))
                .hasMessageStartingWith("'http://a b' is not the address of a Maven repository: ");
    }

    @Test
    void aDamagedCacheIsReported() throws IOException {
        Path cached = cache().get("tiny", progress::add).path();
        Files.write(cached.resolve("tokenizer.json"), new byte[1]);
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessageStartingWith(cached.resolve("tokenizer.json") + " has 1 bytes with SHA-256 ")
                .hasMessageEndingWith("; delete " + cached + " and get it again");
        Files.delete(cached.resolve("tokenizer.json"));
        assertThatThrownBy(() -> cache().get("tiny", progress::add))
                .hasMessage("the cached model " + cached + " lacks tokenizer.json; delete the folder and get it again");
    }

    @Test
    void aModelIsLocatedByPathOrByName() {
        ModelCache cache = cache();
        assertThatThrownBy(() -> cache.locate("tiny"))
                .hasMessage("the model tiny is not here yet; get it once with: save4j model get tiny");
        Path cached = cache.get("tiny", progress::add).path();
        assertThat(cache.locate("tiny").path()).isEqualTo(cached);
        assertThat(cache.locate(cached.toString()).path()).isEqualTo(cached);
        assertThatThrownBy(() -> cache.locate("tinny"))
                .hasMessage("there is no model folder tinny, and no model of that name. Known: tiny."
                        + " Did you mean 'tiny'?");
        assertThatThrownBy(() -> cache.get("zzzzzzzz", progress::add))
                .hasMessage("there is no known model 'zzzzzzzz'. Available: tiny");
    }

    @Test
    void aPropertyMovesTheCacheOfTheUser() {
        System.setProperty("save4j.cache", folder.toString());
        try {
            assertThat(ModelCache.ofUser().folder("all-minilm-l6-v2"))
                    .isEqualTo(folder.resolve("models/all-minilm-l6-v2"));
        } finally {
            System.clearProperty("save4j.cache");
        }
    }

    @Test
    void miniLmIsTakenOutOfItsRealJar() {
        URL resource = getClass().getClassLoader().getResource("all-minilm-l6-v2.onnx");
        assumeTrue(resource != null, "the MiniLM jar is not on the class path");
        String jarUrl = resource.getPath();
        Path real = Path.of(URI.create(jarUrl.substring(0, jarUrl.indexOf('!'))));
        ModelCache cache = new ModelCache(folder, folder, "", KnownModel.all(), new Download(Duration.ofSeconds(1)));

        ModelFolder miniLm = cache.get("all-minilm-l6-v2", real);

        assertThat(ModelCache.ofUser().names()).containsExactly("all-minilm-l6-v2");
        assertThat(miniLm.config().path("hidden_size").intValue()).isEqualTo(384);
        assertThat(miniLm.requireOnnx()).hasSize(90_387_606);
        try (Tokenizer tokenizer = miniLm.tokenizer()) {
            assertThat(tokenizer.encode("A man is eating food."))
                    .containsExactly(101, 1037, 2158, 2003, 5983, 2833, 1012, 102);
        }
    }

    private void assertNoLeftovers() throws IOException {
        for (String name : List.of("cache/downloads", "cache/models")) {
            if (Files.isDirectory(folder.resolve(name))) {
                try (Stream<Path> files = Files.list(folder.resolve(name))) {
                    assertThat(files.map(file -> file.getFileName().toString()).filter(file -> !file.equals("tiny")))
                            .isEmpty();
                }
            }
        }
    }

    private ModelCache cache() {
        return cache(Duration.ofSeconds(30));
    }

    private ModelCache cache(Duration patience) {
        return cache("http://localhost:" + server.getAddress().getPort() + "/maven2", patience);
    }

    private ModelCache cache(String repository, Duration patience) {
        return new ModelCache(
                folder.resolve("cache"), folder.resolve("m2"), repository, List.of(model), new Download(patience));
    }

    private String address() {
        return "http://localhost:" + server.getAddress().getPort() + JAR_PATH;
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static KnownModel model(byte[] jar, byte[] onnx) throws GeneralSecurityException {
        return new KnownModel(
                "tiny",
                "org.example",
                "tiny-model",
                "1.0",
                new KnownModel.Content("tiny-model-1.0.jar", "", jar.length, sha256(jar)),
                List.of(
                        new KnownModel.Content("in/model.onnx", "model.onnx", onnx.length, sha256(onnx)),
                        new KnownModel.Content(
                                "in/tokenizer.json", "tokenizer.json", TOKENIZER.length, sha256(TOKENIZER))),
                JsonNodeFactory.instance.objectNode().put("hidden_size", 4).put("model_file", "model.onnx"));
    }

    private static byte[] zip(String first, byte[] firstBytes, String second, byte[] secondBytes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(first));
            zip.write(firstBytes);
            zip.putNextEntry(new ZipEntry(second));
            zip.write(secondBytes);
        }
        return bytes.toByteArray();
    }

    private static String sha256(byte[] bytes) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}

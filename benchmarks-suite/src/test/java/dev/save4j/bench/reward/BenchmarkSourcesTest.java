package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.save4j.models.HubCache;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a hub on this machine that has RM-Bench; nothing here reaches the network. */
class BenchmarkSourcesTest {
    private static final byte[] ROWS = """
            [{"id": 1, "prompt": "p", "chosen": ["a", "b", "c"], "rejected": ["d", "e", "f"]}]
            """.getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path folder;

    private HttpServer server;

    @BeforeEach
    void start() throws IOException, GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-1");
        digest.update(("blob " + ROWS.length + "\0").getBytes(StandardCharsets.US_ASCII));
        String hash = HexFormat.of().formatHex(digest.digest(ROWS));
        byte[] listing = ("{\"sha\": \"abc\", \"siblings\": [{\"rfilename\": \"chat_filtered.json\", \"size\": "
                        + ROWS.length + ", \"blobId\": \"" + hash + "\"}, {\"rfilename\": \"picture.png\"}]}")
                .getBytes(StandardCharsets.UTF_8);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                byte[] answer = exchange.getRequestURI().getPath().startsWith("/api/") ? listing : ROWS;
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private BenchmarkSources sources() {
        return new BenchmarkSources(HubCache.of(Map.of(
                "HF_HOME",
                folder.resolve("home").toString(),
                "HF_ENDPOINT",
                "http://localhost:" + server.getAddress().getPort())));
    }

    @Test
    void aDataSetOfTheHubIsABenchmark() {
        Path data = folder.resolve("data");
        assertThatThrownBy(() -> sources().link(List.of("THU-KEG/RM-Bench"), data, false, true, line -> {}))
                .hasMessage(
                        "the data sets THU-KEG/RM-Bench are not in the cache of the hub; --download fetches them, once");
        assertThat(data).doesNotExist();

        sources().link(List.of("THU-KEG/RM-Bench"), data, true, false, line -> {});
        server.stop(0);
        assertThat(new RmBench().isIn(data)).isTrue();
        assertThat(new RmBench().read(data).items()).hasSize(1);
        assertThat(data.resolve("RM-Bench/picture.png")).doesNotExist();

        // From the cache alone, over what was linked before.
        sources().link(List.of("THU-KEG/RM-Bench", "org/other"), data, false, true, line -> {});
        assertThat(new RmBench().read(data).items()).hasSize(1);
        assertThatThrownBy(
                        () -> sources().link(List.of("THU-KEG/RM-Bench", "org/other"), data, false, false, line -> {}))
                .hasMessageStartingWith("the data sets org/other are not in the cache of the hub");
    }

    /** A snapshot as the libraries of the hub keep it, with links to blobs. */
    private void snapshot(String set, String commit, String file, String rows) throws IOException {
        Path home = folder.resolve("home/hub/datasets--" + set.replace("/", "--"));
        Path blob = home.resolve("blobs/" + commit + file);
        Files.createDirectories(blob.getParent());
        Files.writeString(blob, rows);
        Path place = home.resolve("snapshots/" + commit + "/" + file);
        Files.createDirectories(place.getParent());
        Files.createSymbolicLink(place, blob);
    }

    private List<String> prompts(Path data) {
        return new RmBench()
                .read(data).items().stream()
                        .map(item -> item.prompt().text())
                        .distinct()
                        .toList();
    }

    private static String rows(String prompt) {
        return "[{\"id\": 1, \"prompt\": \"" + prompt
                + "\", \"chosen\": [\"a\", \"b\", \"c\"], \"rejected\": [\"d\", \"e\", \"f\"]}]";
    }

    @Test
    void anotherRevisionOrOrganisationTakesThePlaceOfTheFirst() throws IOException {
        snapshot("org/RM-Bench", "v1", "chat_filtered.json", rows("old"));
        snapshot("org/RM-Bench", "v2", "chat_filtered-2.json", rows("new"));
        snapshot("other/rm_bench", "v1", "chat_filtered-3.json", rows("other"));
        Path data = folder.resolve("data");
        for (Map.Entry<String, String> set : List.of(
                Map.entry("org/RM-Bench@v1", "old"),
                Map.entry("org/RM-Bench@v2", "new"),
                Map.entry("other/rm_bench@v1", "other"),
                Map.entry("org/RM-Bench@v1", "old"))) {
            sources().link(List.of(set.getKey()), data, false, false, line -> {});
            assertThat(prompts(data)).as(set.getKey()).containsExactly(set.getValue());
        }
        assertThatThrownBy(() ->
                        sources().link(List.of("org/RM-Bench@v1", "other/rm_bench@v1"), data, false, false, line -> {}))
                .hasMessage("the data sets org/RM-Bench@v1 and other/rm_bench@v1 have one name and would be measured as"
                        + " one; give each its own --data and --out");
    }

    @Test
    void whatAUserPutThereStaysAndIsNotMeasuredWithASet() throws IOException {
        snapshot("org/RM-Bench", "v1", "chat_filtered.json", rows("old"));
        snapshot("org/RM-Bench", "v2", "chat_filtered.json", rows("new"));
        Path data = folder.resolve("data");
        Path mine = Files.createDirectories(folder.resolve("mine"));
        Files.writeString(mine.resolve("natural.json"), "[]");
        Files.createDirectories(data.resolve("RM-Bench"));
        Files.createSymbolicLink(data.resolve("llmbar"), mine);
        Path own = Files.createSymbolicLink(data.resolve("RM-Bench/notes.json"), mine.resolve("natural.json"));
        assertThatThrownBy(() -> sources().link(List.of("org/RM-Bench@v1"), data, false, false, line -> {}))
                .hasMessage(own + " does not belong to the data set and would be measured with it; move it out of "
                        + data.resolve("RM-Bench") + ", or use another --out");
        Files.move(own, data.resolve("notes.json"));

        // Where links are not allowed there are copies, which cannot be told from files of a user.
        Files.writeString(data.resolve("RM-Bench/chat_filtered.json"), rows("old"));
        sources().link(List.of("org/RM-Bench@v1"), data, false, false, line -> {});
        assertThat(prompts(data)).containsExactly("old");
        assertThatThrownBy(() -> sources().link(List.of("org/RM-Bench@v2"), data, false, false, line -> {}))
                .hasMessageContaining("chat_filtered.json does not belong to the data set");
        assertThat(data.resolve("llmbar/natural.json")).exists();
        assertThat(data.resolve("notes.json")).exists();
    }

    @Test
    void everyBenchmarkOnTheHubIsKnownByName() {
        assertThat(BenchmarkSources.ids(List.of("hub"), List.of("rewardbench", "rewardbench2")))
                .containsExactly("allenai/reward-bench", "allenai/reward-bench-2");
        assertThat(BenchmarkSources.ids(List.of("hub"), List.of("all")))
                .contains("ScalerLab/JudgeBench", "lmarena-ai/PPE-GPQA-Best-of-K")
                .doesNotHaveDuplicates();
        assertThat(BenchmarkSources.ids(List.of("org/mine"), List.of("all"))).containsExactly("org/mine");
        assertThatThrownBy(() -> BenchmarkSources.ids(List.of("hub"), List.of("rmb")))
                .hasMessage("RMB is no data set of a hub; put its files into a folder and name that as --data");
    }

    @Test
    void aFolderIsNoDataSet() throws IOException {
        Files.createDirectories(folder.resolve("some/folder"));
        assertThat(BenchmarkSources.areMeant(List.of("hub"))).isTrue();
        assertThat(BenchmarkSources.areMeant(List.of("allenai/reward-bench", "org/set@v1")))
                .isTrue();
        assertThat(BenchmarkSources.areMeant(
                        List.of(folder.resolve("some/folder").toString())))
                .isFalse();
        assertThat(BenchmarkSources.areMeant(List.of("benchmarks"))).isFalse();
    }

    /** Each of the names under which the hub has a benchmark must be one that the benchmark looks for. */
    @Test
    void linkedSetsAreFoundByTheirNames() throws IOException {
        Map<String, String> files = Map.of(
                "allenai/reward-bench", "data/filtered-00000-of-00001.json",
                "allenai/reward-bench-2", "data/test-00000-of-00001.json",
                "ScalerLab/JudgeBench", "data/gpt-00000-of-00001.json",
                "lmarena-ai/PPE-Human-Preference-V1", "data/test-00000-of-00001.json",
                "lmarena-ai/PPE-MMLU-Pro-Best-of-K", "data/train-00000-of-00001.json",
                "princeton-nlp/LLMBar", "Natural/dataset.json");
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path data = Files.createTempDirectory(folder, "data");
            Path place = data.resolve(file.getKey().replaceFirst(".*/", "")).resolve(file.getValue());
            Files.createDirectories(place.getParent());
            Files.writeString(place, "[]");
            assertThat(Benchmarks.all().stream()
                            .filter(benchmark -> benchmark.dataSets().contains(file.getKey()))
                            .anyMatch(benchmark -> benchmark.isIn(data)))
                    .as(file.getKey())
                    .isTrue();
        }
    }
}

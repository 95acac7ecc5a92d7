package dev.save4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataFilesTest {
    private static final String ROW = "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}";

    @TempDir
    Path folder;

    private Path parquet(String name, String select) throws SQLException {
        Path file = folder.resolve(name);
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("SET threads = 1");
            statement.execute("COPY (" + select + ") TO '" + file.toString().replace("'", "''") + "' (FORMAT parquet)");
        }
        return file;
    }

    private static Path gzip(Path file) throws IOException {
        Path zipped = file.resolveSibling(file.getFileName() + ".gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
            Files.copy(file, out);
        }
        return zipped;
    }

    private static void assertUserError(ThrowingCallable reading, String... parts) {
        assertThatThrownBy(reading)
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContainingAll(parts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"set.parquet", "a [b]*?'c.parquet"})
    void readsParquetAndGzippedParquetInOrder(String name) throws Exception {
        Path file = parquet(
                name,
                "SELECT 'p' || i AS prompt, 'good' AS chosen, 'bad\u2028' AS rejected, 1.5::DOUBLE AS margin, "
                        + "[i, 2] AS embedding FROM range(3000) r(i)");

        for (Path each : List.of(file, gzip(file))) {
            DataSet<Preference> set = Preferences.readAll(each);
            assertThat(set.report().format()).isEqualTo(DataFormat.PARQUET);
            assertThat(set.report().shape()).isEqualTo("TRL explicit prompt");
            assertThat(set.rows()).hasSize(3000);
            assertThat(set.rows().get(2999).promptText()).isEqualTo("p2999");
            assertThat(set.rows().get(0).rejectedText()).isEqualTo("bad\u2028");
            assertThat(set.rows()).allMatch(pair -> pair.margin().equals(OptionalDouble.of(1.5)));
        }
    }

    @Test
    void readsNestedParquetColumns() throws Exception {
        Path file = parquet(
                "nested.parquet",
                "SELECT [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'Hello'}] AS chosen, "
                        + "[{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'What'}] AS rejected, "
                        + "8.5 AS score_chosen, 8.0 AS score_rejected");
        DataSet<Preference> set =
                Preferences.readAll(file, DataOptions.defaults().withMargin(MarginSource.SCORES));

        assertThat(set.report().shape()).isEqualTo("TRL conversational, implicit prompt");
        assertThat(set.rows().get(0).promptText()).isEqualTo("Hi");
        assertThat(set.rows().get(0).rejectedText()).isEqualTo("What");
        assertThat(set.rows().get(0).margin()).isEqualTo(OptionalDouble.of(0.5));
    }

    @Test
    void countsParquetRowsThatDoNotFit() throws Exception {
        Path file = parquet(
                "holes.parquet",
                "SELECT 'p' AS prompt, CASE WHEN i = 1 THEN NULL ELSE 'a' || i END AS chosen, 'b' AS rejected, "
                        + "CASE WHEN i = 2 THEN 'nan'::DOUBLE ELSE 1 END AS margin FROM range(4) r(i)");
        DataReport report = Preferences.readAll(file).report();

        assertThat(report.kept()).isEqualTo(2);
        assertThat(report.firstBad())
                .containsExactly(
                        new BadRow("row 2", "column chosen is null"),
                        new BadRow("row 3", "column margin is \"NaN\", expected a finite number"));
    }

    @Test
    void namesAllParquetColumnsWhenNoShapeFits() throws Exception {
        Path file = parquet("other.parquet", "SELECT 'x' AS text, 1 AS label");

        assertUserError(
                () -> Preferences.readAll(file), file.toString(), "its columns are: text (text), label (number)");
    }

    @Test
    void renamesParquetColumns() throws Exception {
        Path file = parquet("renamed.parquet", "SELECT 'q' AS question, 'a' AS yes, 'b' AS no, 'x' AS other");
        DataOptions options =
                DataOptions.defaults().withColumns(Map.of("question", "prompt", "yes", "chosen", "no", "rejected"));

        assertThat(Preferences.readAll(file, options).rows()).containsExactly(Preference.of("q", "a", "b"));
        assertThat(Prompts.readAll(file).rows().get(0).fields())
                .containsExactlyInAnyOrderEntriesOf(Map.of("yes", "a", "no", "b", "other", "x"));
    }

    @Test
    void refusesAnEmptyParquetSet() throws Exception {
        Path file = parquet("none.parquet", "SELECT 'x' AS prompt WHERE false");

        assertUserError(() -> Prompts.open(file), "The prompt set " + file + " is empty");
    }

    @Test
    void refusesFilesThatAreNoParquet() throws Exception {
        Path text = Files.writeString(folder.resolve("text.parquet"), ROW + "\n");
        assertUserError(() -> Preferences.open(text), text + " is named .parquet but does not start with PAR1");

        byte[] whole = Files.readAllBytes(parquet("whole.parquet", "SELECT 'p' AS prompt"));
        Path torn = Files.write(folder.resolve("torn.parquet"), Arrays.copyOf(whole, whole.length / 2));
        assertUserError(() -> Preferences.open(torn), torn + " is not a readable Parquet file");
    }

    @Test
    void refusesMissingEmptyAndUnreadableFiles() throws Exception {
        Path missing = folder.resolve("missing.jsonl");
        assertUserError(
                () -> Preferences.open(missing),
                "The preference set " + missing + " does not exist",
                "JSON Lines (.jsonl)");
        assertUserError(() -> Preferences.open(folder), folder + " is not a file");
        for (String content : List.of("", "\n \n", "[]", "[ ]\n")) {
            Path empty = Files.writeString(folder.resolve("empty.json"), content);
            assertUserError(() -> Preferences.open(empty), "The preference set " + empty + " is empty");
        }
        Path prose = Files.writeString(folder.resolve("prose.jsonl"), "Once upon a time\nthere was\n");
        assertUserError(
                () -> Preferences.open(prose), "None of the first 2 rows", prose.toString(), "line 1: not valid JSON");
    }

    @Test
    void refusesDamagedGzip() throws Exception {
        Path plain = Files.writeString(folder.resolve("set.jsonl"), (ROW + "\n").repeat(50_000));
        byte[] whole = Files.readAllBytes(gzip(plain));
        Path torn = Files.write(folder.resolve("torn.jsonl.gz"), Arrays.copyOf(whole, whole.length - 20));
        assertUserError(() -> Preferences.readAll(torn), "The gzip data of " + torn + " is truncated or damaged");

        Path array = Files.writeString(folder.resolve("set.json"), "[" + (ROW + ",\n").repeat(50_000) + ROW + "]");
        byte[] zipped = Files.readAllBytes(gzip(array));
        Path tornArray = Files.write(folder.resolve("torn.json.gz"), Arrays.copyOf(zipped, zipped.length - 20));
        assertUserError(
                () -> Preferences.readAll(tornArray), "The gzip data of " + tornArray + " is truncated or damaged");

        Path misnamed = Files.writeString(folder.resolve("plain.jsonl.gz"), ROW + "\n");
        assertUserError(() -> Preferences.open(misnamed), misnamed + " is named .gz but is not gzip data");
    }

    @Test
    void goesByContentNotByName() throws Exception {
        Path array = Files.writeString(folder.resolve("array.jsonl"), " [" + ROW + ",\n" + ROW + "] ");
        assertThat(Preferences.readAll(array).report().format()).isEqualTo(DataFormat.JSON_ARRAY);
        Path lines = Files.writeString(folder.resolve("lines.json"), ROW + "\n" + ROW + "\n");
        assertThat(Preferences.readAll(lines).report().format()).isEqualTo(DataFormat.JSON_LINES);
        Path zipped = gzip(lines);
        Path hidden = Files.move(zipped, folder.resolve("hidden.json"));
        assertThat(Preferences.readAll(hidden).rows()).hasSize(2);
    }

    @Test
    void refusesBrokenArraysWithThePlace() throws Exception {
        Path broken = Files.writeString(folder.resolve("broken.json"), "[" + ROW + ",\n{\"prompt\" \"p\"}]");
        assertUserError(() -> Preferences.readAll(broken), broken + " is not a readable JSON array: item 2, line 2");
        Path torn = Files.writeString(folder.resolve("torn.json"), "[" + ROW + ",\n" + ROW);
        assertUserError(() -> Preferences.readAll(torn), torn.toString(), "item 3");
        Path more = Files.writeString(folder.resolve("more.json"), "[" + ROW + "]\n[" + ROW + "]");
        assertUserError(() -> Preferences.readAll(more), more + " goes on after its JSON array, at line 2");
    }

    @Test
    void countsArrayItemsThatAreNoObjects() throws Exception {
        Path file = Files.writeString(folder.resolve("mixed.json"), "[" + ROW + ",\n7,null,\"text\"," + ROW + "]");
        DataReport report = Preferences.readAll(file).report();

        assertThat(report.kept()).isEqualTo(2);
        assertThat(report.firstBad())
                .containsExactly(
                        new BadRow("item 2", "the row is a number, expected an object"),
                        new BadRow("item 3", "the row is null, expected an object"),
                        new BadRow("item 4", "the row is text, expected an object"));
    }

    @Test
    void streamsManyRowsWithoutHoldingThem() throws Exception {
        int rows = 100_000;
        Path file = folder.resolve("large.jsonl.gz");
        String filler = "x".repeat(2000);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16)) {
            for (int i = 0; i < rows; i++) {
                out.write(("{\"prompt\":\"" + i + "\",\"chosen\":\"" + filler + "\",\"rejected\":\"b\"}\n")
                        .getBytes(StandardCharsets.UTF_8));
            }
        }
        long before = usedHeap();
        long seen = 0;
        long largest = 0;
        try (DataStream<Preference> stream = Preferences.open(file)) {
            while (stream.hasNext()) {
                stream.next();
                seen++;
                if (seen % 25_000 == 0) {
                    largest = Math.max(largest, usedHeap() - before);
                }
            }
            assertThat(stream.report().kept()).isEqualTo(rows);
        }
        assertThat(seen).isEqualTo(rows);
        // The chosen answers alone are 200 MB; what may be held is the fingerprints of the rows.
        assertThat(largest).isLessThan(48L << 20);
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}

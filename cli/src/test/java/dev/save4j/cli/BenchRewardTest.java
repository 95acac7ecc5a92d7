package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Reward models are measured and compared on the command line. */
class BenchRewardTest {
    @TempDir
    private Path folder;

    private Path pairs;
    private Path out;
    private final StringWriter console = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writePairs() throws IOException {
        out = folder.resolve("out");
        pairs = Files.writeString(folder.resolve("pairs.jsonl"), """
                {"prompt": "p1", "chosen": "long answer", "rejected": "b"}
                {"prompt": "p2", "chosen": "a", "rejected": "long answer"}
                """);
    }

    private int run(String... arguments) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(console));
        command.setErr(new PrintWriter(err));
        return command.execute(arguments);
    }

    private int bench(String models) {
        return run(
                "bench",
                "reward",
                "--models",
                models,
                "--data",
                folder.toString(),
                "--preferences",
                pairs.toString(),
                "--out",
                out.toString());
    }

    @Test
    void measuresScorersAndComparesThem() throws IOException {
        Path scores = Files.writeString(folder.resolve("scores.jsonl"), """
                {"prompt": "p1", "response": "long answer", "reward": 2}
                {"prompt": "p1", "response": "b", "reward": 1}
                {"prompt": "p2", "response": "a", "reward": 2}
                {"prompt": "p2", "response": "long answer", "reward": 1}
                """);
        assertThat(bench("length,constant,mine=scores:" + scores))
                .as(err.toString())
                .isZero();
        assertThat(console.toString()).contains("50.0 [–]", "100.0 [–]", "pairs: 2 items");
        assertThat(out.resolve("results.json")).exists();
        assertThat(run(
                        "compare",
                        "length",
                        "mine",
                        "--in",
                        out.toString(),
                        "--out",
                        folder.resolve("comparison").toString()))
                .as(err.toString())
                .isZero();
        assertThat(console.toString())
                .contains(
                        "+50.0", "the longer answer scores higher in 100.0 % of 2 comparisons and is better in 50.0 %")
                .contains("pairs, item 2: length earns 0.00, mine earns 1.00")
                .contains(
                        "mine against length: better on none; worse on none; not told apart on none; too few prompts on pairs.");
        assertThat(Files.readAllLines(folder.resolve("comparison/flips.jsonl")))
                .singleElement()
                .asString()
                .contains("\"item\":\"2\"", "\"first_score\":1.0", "\"second_score\":2.0");
        assertThat(folder.resolve("comparison/comparison.json")).content().contains("\"gained\" : 1");
    }

    @Test
    void anUnknownScorerIsNamedWithThoseThatAreThere() {
        assertThat(bench("length,constant")).isZero();
        assertThat(run("compare", "length", "other", "--in", out.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("has no scores of 'other' on pairs; it has length, constant");
    }

    private int benchOn(String preferences, Path out) {
        return run(
                "bench",
                "reward",
                "--models",
                "length,constant",
                "--data",
                folder.toString(),
                "--preferences",
                preferences,
                "--out",
                out.toString());
    }

    @Test
    void equalNamesOfPreferenceFilesAreRefused() throws IOException {
        Path other = Files.createDirectories(folder.resolve("other")).resolve("pairs.jsonl");
        Files.copy(pairs, other);
        List<String> common =
                List.of("bench", "reward", "--models", "length", "--data", folder.toString(), "--out", out.toString());
        List<String> equal = new ArrayList<>(common);
        equal.addAll(List.of("--preferences", pairs.toString(), "--preferences", other.toString()));
        assertThat(run(equal.toArray(String[]::new))).isEqualTo(2);
        assertThat(err.toString())
                .contains("two benchmarks are called 'pairs'; name them apart, as in --preferences other=" + other);
        List<String> apart = new ArrayList<>(common);
        apart.addAll(List.of("--preferences", pairs.toString(), "--preferences", "other=" + other));
        assertThat(run(apart.toArray(String[]::new))).as(err.toString()).isZero();
        assertThat(console.toString()).contains("pairs: 2 items", "other: 2 items");
        assertThat(out.resolve("results.json")).content().contains("\"file\" : \"" + other + "\"");
    }

    @Test
    void itemsThatAreNotTheSameAreNotCompared() throws IOException {
        Path other = Files.createDirectories(folder.resolve("other")).resolve("pairs.jsonl");
        Files.writeString(other, Files.readString(pairs).replace("p2", "another prompt"));
        assertThat(bench("length,constant")).as(err.toString()).isZero();
        Path second = folder.resolve("second");
        assertThat(benchOn(other.toString(), second)).as(err.toString()).isZero();
        // Of each folder the one model that is no baseline is compared, so one of them is made a model here.
        for (Path results : List.of(out, second)) {
            for (String file : List.of("results.json", "items.jsonl")) {
                Path place = results.resolve(file);
                Files.writeString(place, Files.readString(place).replace("\"length\"", "\"mine\""));
            }
        }
        assertThat(run("compare", out.toString(), second.toString())).isEqualTo(2);
        assertThat(err.toString())
                .contains("item 2 of pairs in '" + out + "' is not the one in '" + second
                        + "': they were measured on different files; measure both on the same");
        Files.writeString(pairs, Files.readString(pairs).replace("p1", "changed"));
        assertThat(run("compare", "mine", "constant", "--in", out.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("item 1 of pairs has changed since it was scored in '" + out + "'");
    }

    @Test
    void dataSetsOfTheHubAreNotFetchedUnasked() {
        assertThat(run(
                        "bench",
                        "reward",
                        "--models",
                        "length",
                        "--data",
                        "no-such-org/no-such-set",
                        "--out",
                        out.toString()))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "the data sets no-such-org/no-such-set are not in the cache of the hub; --download fetches them");
        assertThat(out).doesNotExist();
    }

    @Test
    void baselinesHaveTheNamesTheyAreGiven() {
        assertThat(bench("x=length,y=length,z=random,constant"))
                .as(err.toString())
                .isZero();
        assertThat(out.resolve("results.csv"))
                .content()
                .contains("\nx,pairs,overall,0.5,", "\ny,pairs,overall,0.5,", "\nz,pairs,", "\nconstant,pairs,")
                .doesNotContain("\nlength,");
    }

    @Test
    void aScoresFileOfOtherItemsIsRefused() throws IOException {
        Path scores = Files.writeString(
                folder.resolve("scores.jsonl"), "{\"prompt\": \"p9\", \"response\": \"b\", \"reward\": 1}\n");
        assertThat(bench("length,mine=scores:" + scores)).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "mine has no score for any of the 4 answers of pairs", "by exactly the prompt and the answer");
        assertThat(out.resolve("results.json")).doesNotExist();
    }

    @Test
    void equalNamesAndMissingModelsAreRefusedBeforeAnythingIsScored() {
        assertThat(bench("length,length")).isEqualTo(2);
        assertThat(err.toString()).contains("two models are called 'length'");
        assertThat(bench("nowhere/model")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no model folder nowhere/model");
        assertThat(out).doesNotExist();
    }
}

package dev.save4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferencesTest {
    @TempDir
    Path folder;

    private static final String USER = "{\"role\":\"user\",\"content\":\"Hi\"}";
    private static final String GOOD = "{\"role\":\"assistant\",\"content\":\"Hello\"}";
    private static final String POOR = "{\"role\":\"assistant\",\"content\":\"What\"}";

    private Path lines(String... lines) throws IOException {
        return Files.writeString(folder.resolve("set.jsonl"), String.join("\n", lines) + "\n");
    }

    private Preference only(String line, String shape) throws IOException {
        DataSet<Preference> set = Preferences.readAll(lines(line));
        assertThat(set.report().shape()).isEqualTo(shape);
        assertThat(set.rows()).hasSize(1);
        return set.rows().get(0);
    }

    @Test
    void readsExplicitPrompts() throws IOException {
        Preference pair =
                only("{\"prompt\":\"Hi\",\"chosen\":\" Hello\",\"rejected\":\" What\"}", "TRL explicit prompt");

        assertThat(pair).isEqualTo(Preference.of("Hi", " Hello", " What"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "The sky is blue. | The sky is red. | The sky is | \" blue.\" | \" red.\"",
                "Say Good thing | Say Great thing | Say | \" Good thing\" | \" Great thing\"",
                "Say yes, because | Say yes | Say | \" yes, because\" | \" yes\"",
                "Q: a A: b | Q: a A: c | Q: a A: | \" b\" | \" c\"",
                "你好世界 | 你好天地 | 你好 | 世界 | 天地"
            })
    void takesTheCommonBeginningAsPromptWithoutTearingWords(
            String chosen, String rejected, String prompt, String chosenAnswer, String rejectedAnswer)
            throws IOException {
        Preference pair =
                only("{\"chosen\":\"" + chosen + "\",\"rejected\":\"" + rejected + "\"}", "TRL implicit prompt");

        assertThat(pair.promptText()).isEqualTo(prompt);
        assertThat(pair.chosenText()).isEqualTo(chosenAnswer);
        assertThat(pair.rejectedText()).isEqualTo(rejectedAnswer);
    }

    @Test
    void doesNotTearSurrogatePairs() throws IOException {
        Preference pair =
                only("{\"chosen\":\"a! \uD83D\uDE00\",\"rejected\":\"a! \uD83D\uDE01\"}", "TRL implicit prompt");

        assertThat(pair.promptText()).isEqualTo("a!");
        assertThat(pair.chosenText()).isEqualTo(" \uD83D\uDE00");
    }

    @Test
    void readsConversationsWithExplicitPrompt() throws IOException {
        Preference pair = only(
                "{\"prompt\":[" + USER + "],\"chosen\":[" + GOOD + "],\"rejected\":[" + POOR + "]}",
                "TRL conversational");

        assertThat(pair.prompt()).isEqualTo(new Conversation(List.of(Message.user("Hi"))));
        assertThat(pair.chosen()).isEqualTo(new Conversation(List.of(Message.assistant("Hello"))));
        assertThat(pair.promptText()).isEqualTo("Hi");
        assertThat(pair.rejectedText()).isEqualTo("What");
    }

    @Test
    void readsWholeConversationsWithThePromptRepeatedAsText() throws IOException {
        String row = "{\"prompt\":\"Hi\",\"chosen\":[" + USER + "," + GOOD + "],\"rejected\":[" + USER + "," + POOR
                + "],\"score_chosen\":8.0,\"score_rejected\":6.5}";
        Preference pair = Preferences.readAll(lines(row), DataOptions.defaults().withMargin(MarginSource.SCORES))
                .rows()
                .get(0);

        assertThat(pair.promptText()).isEqualTo("Hi");
        assertThat(pair.chosenText()).isEqualTo("Hello");
        assertThat(pair.margin()).isEqualTo(OptionalDouble.of(1.5));
    }

    @Test
    void readsWholeConversations() throws IOException {
        Preference pair = only(
                "{\"chosen\":[" + USER + "," + GOOD + "," + USER + "," + GOOD + "],\"rejected\":[" + USER + "," + GOOD
                        + "," + USER + "," + POOR + "]}",
                "TRL conversational, implicit prompt");

        assertThat(pair.promptText()).isEqualTo("user: Hi\nassistant: Hello\nuser: Hi");
        assertThat(pair.rejectedText()).isEqualTo("What");
    }

    @Test
    void readsSwiftRejectedResponsesWithMargin() throws IOException {
        Preference pair = only(
                "{\"messages\":[" + USER + "," + GOOD + "],\"rejected_response\":\"What\",\"margin\":0.25}",
                "ms-swift");

        assertThat(pair.promptText()).isEqualTo("Hi");
        assertThat(pair.chosenText()).isEqualTo("Hello");
        assertThat(pair.rejected()).isEqualTo(new Conversation(List.of(Message.assistant("What"))));
        assertThat(pair.margin()).isEqualTo(OptionalDouble.of(0.25));
    }

    @Test
    void readsSwiftRejectedMessagesWholeOrOnlyTheAnswer() throws IOException {
        String start = "{\"messages\":[" + USER + "," + GOOD + "],";
        DataSet<Preference> set = Preferences.readAll(lines(
                start + "\"rejected_messages\":[" + USER + "," + POOR + "]}",
                start + "\"rejected_messages\":[" + POOR + "]}",
                start + "\"rejected_response\":[" + POOR + "]}"));

        assertThat(set.rows()).hasSize(3);
        assertThat(set.rows()).allMatch(set.rows().get(0)::equals);
        assertThat(set.report().duplicates()).isEqualTo(2);
    }

    @Test
    void readsShareGptWithASystemColumn() throws IOException {
        Preference pair = only(
                "{\"system\":\"Be kind\",\"conversations\":[{\"from\":\"human\",\"value\":\"Hi\"}],"
                        + "\"chosen\":{\"from\":\"gpt\",\"value\":\"Hello\"},\"rejected\":{\"from\":\"gpt\",\"value\":\"What\"}}",
                "LLaMA-Factory ShareGPT");

        assertThat(pair.prompt())
                .isEqualTo(new Conversation(List.of(new Message("system", "Be kind"), Message.user("Hi"))));
    }

    @Test
    void splitsTranscriptsAtTheLastAssistant() throws IOException {
        String start = "\\n\\nHuman: a\\n\\nAssistant: b\\n\\nHuman: c\\n\\nAssistant:";
        Preference pair = only("{\"chosen\":\"" + start + " d\",\"rejected\":\"" + start + " e\"}", "HH transcript");

        assertThat(pair.promptText()).isEqualTo(start.replace("\\n", "\n"));
        assertThat(pair.chosenText()).isEqualTo(" d");
    }

    @Test
    void givesPlainPairsRolesForAChatTemplate() {
        String prompt = "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:";
        Preference pair = Preference.of(prompt, " d", " e").conversational();

        assertThat(pair.prompt())
                .isEqualTo(new Conversation(List.of(Message.user("a"), Message.assistant("b"), Message.user("c"))));
        assertThat(pair.chosen()).isEqualTo(new Conversation(List.of(Message.assistant("d"))));
        assertThat(pair.conversational()).isEqualTo(pair);
        assertThat(Preference.of("Hi", "x", "y").conversational().prompt())
                .isEqualTo(new Conversation(List.of(Message.user("Hi"))));
    }

    @Test
    void splitsByPromptTheSameWayWhateverElseIsThere() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 4000; i++) {
            text.append("{\"prompt\":\"p")
                    .append(i / 2)
                    .append("\",\"chosen\":\"a")
                    .append(i)
                    .append("\",\"rejected\":\"b\"}\n");
        }
        DataSet<Preference> set = Preferences.readAll(Files.writeString(folder.resolve("pairs.jsonl"), text));
        Split<Preference> split = set.split(Preference::promptText, .1, 7);

        assertThat(split.training().size() + split.heldOut().size()).isEqualTo(4000);
        assertThat(split.heldOut().size()).isBetween(320, 480);
        assertThat(split.heldOut().stream().map(Preference::promptText).toList())
                .doesNotContainAnyElementsOf(
                        split.training().stream().map(Preference::promptText).toList());
        DataSet<Preference> half = new DataSet<>(set.rows().subList(0, 2000), set.report());
        assertThat(split.heldOut())
                .startsWith(half.split(Preference::promptText, .1, 7).heldOut().toArray(Preference[]::new));
        assertThat(set.split(Preference::promptText, .1, 8).heldOut()).isNotEqualTo(split.heldOut());
        assertThat(set.split(Preference::promptText, 0, 7).heldOut()).isEmpty();
        assertThat(set.split(Preference::promptText, 1, 7).training()).isEmpty();
        assertThatThrownBy(() -> set.split(Preference::promptText, 10, 7))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("must be in [0, 1], but is 10.0");
    }

    @Test
    void renamesColumns() throws IOException {
        Path file = lines("{\"question\":\"Hi\",\"good\":\"Hello\",\"bad\":\"What\"}");
        DataOptions options =
                DataOptions.defaults().withColumns(Map.of("question", "prompt", "good", "chosen", "bad", "rejected"));

        assertThat(Preferences.readAll(file, options).rows()).containsExactly(Preference.of("Hi", "Hello", "What"));
        assertThatThrownBy(() -> DataOptions.defaults().withColumns(Map.of("a", "prompt", "b", "prompt")))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("both renamed to prompt");
    }

    @Test
    void countsBadRowsAndKeepsTheFirstFiveWithLineAndReason() throws IOException {
        Path file = lines(
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "",
                "{\"prompt\":\"p\",\"chosen\":\"a\"}",
                "{\"prompt\":\"p\",\"chosen\":null,\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":3,\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":[],\"rejected\":\"b\"}",
                "{\"prompt\":\"p\"",
                "[1]",
                "{\"prompt\":\"p\",\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"} {}",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"margin\":\"big\"}");
        DataReport report = Preferences.readAll(file).report();

        assertThat(report.rows()).isEqualTo(10);
        assertThat(report.bad()).isEqualTo(9);
        assertThat(report.kept()).isEqualTo(1);
        assertThat(report.firstBad())
                .containsExactly(
                        new BadRow("line 3", "column rejected is missing"),
                        new BadRow("line 4", "column chosen is null"),
                        new BadRow("line 5", "column chosen is a number, expected text"),
                        new BadRow("line 6", "column chosen is a list, expected text"),
                        report.firstBad().get(4));
        assertThat(report.firstBad().get(4).toString()).startsWith("line 7: not valid JSON");
        assertThat(report.lines())
                .hasSize(7)
                .first()
                .asString()
                .endsWith("set.jsonl: JSON Lines, TRL explicit prompt, 10 rows, 1 kept, 9 bad, 0 ties, 0 duplicates");
        assertThat(report.toString())
                .contains("\n  bad line 3: column rejected is missing\n")
                .endsWith("and 4 more bad rows");
    }

    @Test
    void refusesMoreBadRowsThanTolerated() throws IOException {
        Path file = lines(
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":7}");

        assertThat(Preferences.readAll(file).report().bad()).isEqualTo(1);
        assertThatThrownBy(
                        () -> Preferences.readAll(file, DataOptions.defaults().withBadRows(BadRowLimit.STRICT)))
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("set.jsonl: 1 of 2 rows are bad (tolerated are 0: the larger of 0 rows and 0 %)")
                .hasMessageContaining("line 2: column rejected is a number, expected text");
    }

    @ParameterizedTest
    @CsvSource({"2000, 20, true", "2000, 21, false", "500, 10, true", "500, 11, false"})
    void toleratesOnePercentOrTen(int rows, int bad, boolean fine) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            text.append(
                    i >= rows - bad
                            ? "{\"prompt\":1}\n"
                            : "{\"prompt\":\"" + i + "\",\"chosen\":\"a\",\"rejected\":\"b\"}\n");
        }
        Path file = Files.writeString(folder.resolve("many.jsonl"), text);

        if (fine) {
            assertThat(Preferences.readAll(file).report().bad()).isEqualTo(bad);
        } else {
            assertThatThrownBy(() -> Preferences.readAll(file))
                    .isInstanceOf(SaveException.class)
                    .hasMessageContaining(bad + " of " + String.format("%,d", rows) + " rows are bad");
        }
    }

    @Test
    void stopsEarlyWhenMostRowsAreBad() throws IOException {
        StringBuilder text = new StringBuilder("{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n");
        text.append("{\"prompt\":\"p\"}\n".repeat(5000));
        Path file = Files.writeString(folder.resolve("wrong.jsonl"), text);

        assertThatThrownBy(() -> Preferences.readAll(file))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("999 of 1,000 rows are bad (more than half, so reading stopped here)");
    }

    @Test
    void countsTiesAndDuplicatesAndDropsThemOnlyWhenAsked() throws IOException {
        Path file = lines(
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":\"b\",\"rejected\":\"a\"}",
                "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"c\"}",
                "{\"prompt\":\"p\",\"chosen\":\"\",\"rejected\":\"\"}");

        DataReport kept = Preferences.readAll(file).report();
        assertThat(List.of(kept.rows(), kept.kept(), kept.bad(), kept.ties(), kept.duplicates()))
                .containsExactly(5L, 5L, 0L, 2L, 1L);
        DataOptions dropping =
                DataOptions.defaults().withTies(RowPolicy.DROP_AND_COUNT).withDuplicates(RowPolicy.DROP_AND_COUNT);
        DataReport dropped = Preferences.readAll(file, dropping).report();
        assertThat(List.of(dropped.rows(), dropped.kept(), dropped.bad(), dropped.ties(), dropped.duplicates()))
                .containsExactly(5L, 2L, 0L, 2L, 1L);
        assertThat(dropped.dropped()).isEqualTo(3);
    }

    @Test
    void keepsAndCountsPairsWithAnEmptyAnswer() throws IOException {
        DataReport report = Preferences.readAll(lines("{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"\"}"))
                .report();

        assertThat(report.kept()).isEqualTo(1);
        assertThat(report.emptyAnswers()).isEqualTo(1);
        assertThat(report.toString()).endsWith("0 duplicates, 1 with an empty answer");
    }

    @Test
    void tiesOfWholeTextsAndConversationsAreTiesNotBadRows() throws IOException {
        DataReport texts = Preferences.readAll(lines("{\"chosen\":\"a b\",\"rejected\":\"a b\"}"))
                .report();
        assertThat(texts.ties()).isEqualTo(1);
        DataSet<Preference> chats = Preferences.readAll(
                lines("{\"chosen\":[" + USER + "," + GOOD + "],\"rejected\":[" + USER + "," + GOOD + "]}"));
        assertThat(chats.report().ties()).isEqualTo(1);
        assertThat(chats.rows().get(0).promptText()).isEqualTo("Hi");
    }

    @Test
    void namesFileColumnsAndKnownShapesWhenNoneFits() throws IOException {
        Path file = lines("{\"text\":\"Hi\",\"label\":true,\"scores\":[1],\"more\":null}");

        assertThatThrownBy(() -> Preferences.open(file))
                .isInstanceOfSatisfying(
                        SaveException.class, e -> assertThat(e.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("Cannot tell the shape of the preference set " + file)
                .hasMessageContaining("its columns are: text (text), label (boolean), scores (list), more.")
                .hasMessageContaining("TRL explicit prompt: prompt, chosen, rejected (text)")
                .hasMessageContaining("LLaMA-Factory ShareGPT: conversations");
        assertThatThrownBy(() -> Prompts.open(file))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("Cannot tell the shape of the prompt set " + file)
                .hasMessageContaining("MT-Bench turns");
    }

    @Test
    void acceptsByteOrderMarksCarriageReturnsAndAMissingLastLineFeed() throws IOException {
        String row = "{\"prompt\":\"p\",\"chosen\":\"a\u2028\u0085\",\"rejected\":\"b\"}";
        Path file = Files.writeString(
                folder.resolve("windows.jsonl"), "\uFEFF" + row + "\r\n\r\n" + row, StandardCharsets.UTF_8);
        DataSet<Preference> set = Preferences.readAll(file);

        assertThat(set.rows()).hasSize(2).allMatch(pair -> pair.chosenText().equals("a\u2028\u0085"));
        assertThat(set.report().bad()).isZero();
    }

    @Test
    void countsInvalidUtf8AsABadRow() throws IOException {
        byte[] broken =
                "{\"prompt\":\"p?\",\"chosen\":\"a\",\"rejected\":\"b\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        broken[12] = (byte) 0xe4;
        Path file = folder.resolve("latin.jsonl");
        Files.write(file, "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n".getBytes(StandardCharsets.UTF_8));
        Files.write(file, broken, java.nio.file.StandardOpenOption.APPEND);

        DataReport report = Preferences.readAll(file).report();
        assertThat(report.bad()).isEqualTo(1);
        assertThat(report.firstBad().get(0).toString())
                .startsWith("line 2: not valid JSON")
                .contains("UTF-8");
    }

    @Test
    void readsLinesLongerThanAnyBuffer() throws IOException {
        String answer = "word ".repeat(100_000);
        Path file = lines(
                "{\"prompt\":\"p\",\"chosen\":\"" + answer + "\",\"rejected\":\"b\"}",
                "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}");

        assertThat(Preferences.readAll(file).rows())
                .hasSize(2)
                .first()
                .matches(pair -> pair.chosenText().equals(answer));
    }

    @Test
    void closesTwiceAndStopsAfterClosing() throws IOException {
        Path file = lines("{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}");
        DataStream<Preference> stream = Preferences.open(file);
        stream.close();
        stream.close();

        assertThat(stream.hasNext()).isFalse();
    }
}

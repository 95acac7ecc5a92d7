package dev.save4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RealSetsTest {
    @ParameterizedTest
    @CsvSource({
        "train_clean, 1000, 111, 0, 4, 552, 2",
        "eval_clean, 200, 25, 0, 1, 91, 0",
        "label_flip_20, 1000, 111, 177, 4, -1, 2",
        "weak_quality_20, 1000, 111, 0, 4, -1, 2",
        "ambiguous_20, 1000, 111, 0, 4, -1, 2"
    })
    void readsUltraFeedback(String name, int rows, int equal, int reversed, int ties, int longerChosen, int empty) {
        DataSet<Preference> set = Preferences.readAll(
                SharedData.path("preferences/ultrafeedback-binarized-sample/" + name + ".jsonl.gz"));

        DataReport report = set.report();
        assertThat(report.shape()).isEqualTo("UltraFeedback");
        assertThat(report.format()).isEqualTo(DataFormat.JSON_LINES);
        assertThat(set.size()).isEqualTo(rows);
        assertThat(report.rows()).isEqualTo(rows);
        assertThat(report.kept()).isEqualTo(rows);
        assertThat(report.bad()).isZero();
        assertThat(report.ties()).isEqualTo(ties);
        assertThat(report.duplicates()).isZero();
        assertThat(report.emptyAnswers()).isEqualTo(empty);
        assertThat(report.equalScores()).isEqualTo(equal);
        assertThat(report.reversedScores()).isEqualTo(reversed);
        assertThat(set.rows()).allMatch(pair -> pair.margin().isEmpty());
        if (longerChosen >= 0) {
            assertThat(longerChosen(set)).isEqualTo(longerChosen);
        }
    }

    @Test
    void takesMarginsFromScoresWhenAsked() {
        Path file = SharedData.path("preferences/ultrafeedback-binarized-sample/train_clean.jsonl.gz");
        DataSet<Preference> set =
                Preferences.readAll(file, DataOptions.defaults().withMargin(MarginSource.SCORES));

        assertThat(set.rows()).allMatch(pair -> pair.margin().orElseThrow() >= 0);
        assertThat(set.rows().stream().filter(pair -> pair.margin().orElseThrow() == 0))
                .hasSize(111);
    }

    @Test
    void splitsHhTranscriptsAtTheLastSharedAssistantAndCountsThoseThatShareNone() {
        DataSet<Preference> set =
                Preferences.readAll(SharedData.path("preferences/hh-rlhf/harmless-base-test.jsonl.gz"));

        assertThat(set.report().shape()).isEqualTo("HH transcript");
        assertThat(set.report().rows()).isEqualTo(2312);
        assertThat(set.report().bad()).isEqualTo(5);
        assertThat(set.report().firstBad())
                .hasSize(5)
                .allMatch(row -> row.where().startsWith("line ") && row.reason().contains("share no prompt"));
        assertThat(set.rows()).hasSize(2307).allSatisfy(pair -> {
            assertThat(pair.promptText()).startsWith("\n\nHuman:").endsWith("\n\nAssistant:");
            assertThat(pair.chosenText()).doesNotContain("\n\nAssistant:");
            List<Message> turns = ((Conversation) pair.conversational().prompt()).messages();
            assertThat(turns.get(0).role()).isEqualTo("user");
            assertThat(turns).extracting(Message::content).noneMatch(turn -> turn.contains("\n\nHuman:"));
        });
    }

    @Test
    void readsLlamaFactoryConversations() {
        DataSet<Preference> set =
                Preferences.readAll(SharedData.path("preferences/llama-factory-demo/dpo_en_demo.json"));

        assertThat(set.report().shape()).isEqualTo("LLaMA-Factory ShareGPT");
        assertThat(set.report().format()).isEqualTo(DataFormat.JSON_ARRAY);
        assertThat(set.rows()).hasSize(300);
        assertThat(set.report().duplicates()).isEqualTo(5);
        Stream<Conversation> prompts = set.rows().stream().map(pair -> (Conversation) pair.prompt());
        assertThat(prompts.filter(prompt -> prompt.messages().get(0).role().equals("system")))
                .hasSize(80);
        assertThat(set.rows()).allSatisfy(pair -> {
            assertThat(((Conversation) pair.chosen()).messages())
                    .singleElement()
                    .extracting(Message::role)
                    .isEqualTo("assistant");
            List<Message> prompt = ((Conversation) pair.prompt()).messages();
            assertThat(prompt.get(prompt.size() - 1).role()).isEqualTo("user");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "arena-hard/v2.0.question.jsonl, 750, prompt column",
        "gsm8k/train.jsonl, 7473, questions",
        "gsm8k/test.jsonl, 1319, questions",
        "ifeval/input_data_541.jsonl, 541, prompt column",
        "mt-bench/question.jsonl, 80, MT-Bench turns",
        "tinystories/tinystories_1000.json, 1000, bare strings"
    })
    void readsPrompts(String name, int rows, String shape) {
        DataSet<Prompt> set = Prompts.readAll(SharedData.path("prompts/" + name));

        assertThat(set.report().shape()).isEqualTo(shape);
        assertThat(set.rows()).hasSize(rows).allMatch(prompt -> !prompt.text().isBlank());
        assertThat(set.report().bad()).isZero();
    }

    @Test
    void keepsTheUnicodeLineSeparatorInsideArenaHard() {
        DataSet<Prompt> set = Prompts.readAll(SharedData.path("prompts/arena-hard/v2.0.question.jsonl"));

        assertThat(set.rows().get(102).text()).contains("\u2028");
        assertThat(set.rows().stream()
                        .filter(prompt ->
                                "creative_writing".equals(prompt.fields().get("category"))))
                .hasSize(250);
    }

    @Test
    void keepsTheOtherColumnsOfAPrompt() {
        Prompt question = Prompts.readAll(SharedData.path("prompts/gsm8k/test.jsonl"))
                .rows()
                .get(0);
        assertThat(question.text()).startsWith("Janet");
        assertThat(question.fields()).containsOnlyKeys("answer");
        assertThat(question.fields().get("answer")).endsWith("#### 18");

        Prompt instruction = Prompts.readAll(SharedData.path("prompts/ifeval/input_data_541.jsonl"))
                .rows()
                .get(0);
        assertThat(instruction.fields()).containsOnlyKeys("key", "instruction_id_list", "kwargs");
        assertThat(instruction.fields()).containsEntry("key", "1000");
        assertThat(instruction.fields().get("instruction_id_list")).startsWith("[\"punctuation:no_comma\"");
    }

    @Test
    void countsAllCodePointsOfTinyStories() {
        DataSet<Prompt> set = Prompts.readAll(SharedData.path("prompts/tinystories/tinystories_1000.json"));

        assertThat(set.rows().stream()
                        .mapToLong(story -> codePoints(story.text()))
                        .sum())
                .isEqualTo(949_013);
    }

    @Test
    void readsLlamaFactoryMessagesAsPromptsWithoutTheAnswer() {
        DataSet<Prompt> set = Prompts.readAll(SharedData.path("preferences/llama-factory-demo/kto_en_demo.json"));

        assertThat(set.rows()).hasSize(300).allSatisfy(prompt -> {
            List<Message> messages = ((Conversation) prompt.passage()).messages();
            assertThat(messages.get(messages.size() - 1).role()).isEqualTo("user");
        });
    }

    @Test
    void splitsOnlyAtLineFeeds() throws Exception {
        Path file = SharedData.path("prompts/arena-hard/v2.0.question.jsonl");
        long lines = Files.readString(file, StandardCharsets.UTF_8)
                .chars()
                .filter(c -> c == '\n')
                .count();

        assertThat(lines).isEqualTo(750);
    }

    private static long longerChosen(DataSet<Preference> set) {
        return set.rows().stream()
                .filter(pair -> codePoints(pair.chosenText()) > codePoints(pair.rejectedText()))
                .count();
    }

    private static long codePoints(String text) {
        return text.codePointCount(0, text.length());
    }
}

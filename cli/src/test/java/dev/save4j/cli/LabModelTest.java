package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.lab.TaleVocabulary;
import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.LlamaConfig;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.tokenizers.WordTokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The models of the lab, whose tokenizer knows a closed list of words, are of use outside a run. */
class LabModelTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path reward;
    private Path policy;

    @BeforeEach
    void write() {
        List<String> words = TaleVocabulary.standard().words();
        WordTokenizer tokenizer = new WordTokenizer(words.subList(TaleVocabulary.EOS + 1, words.size()));
        Llama backbone = new Llama(LlamaConfig.small(tokenizer.vocabularySize(), 16, 1, 2, 2, 32, 64));
        policy = folder.resolve("policy");
        new PolicyModel(backbone, Backbones.initialize(backbone, 1)).save(policy, tokenizer::writeTo);
        reward = folder.resolve("reward");
        new RewardModel(
                        backbone,
                        Pooling.LAST_TOKEN,
                        Head.create(
                                EnumSet.allOf(Head.class),
                                Backbones.initialize(backbone, 2),
                                backbone.hiddenSize(),
                                2,
                                0))
                .save(reward, tokenizer::writeTo);
    }

    private int execute(String... arguments) {
        CommandLine command = Save4j.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        return command.execute(arguments);
    }

    @Test
    void scoresAnswers() throws IOException {
        Path answers = Files.writeString(folder.resolve("answers.jsonl"), """
                {"prompt": "lily kite garden happy :", "response": "lily was happy ."}
                {"prompt": "lily kite garden happy :", "response": "lily ."}
                """);
        Path scored = folder.resolve("scored.jsonl");
        assertThat(execute(
                        "reward", "score", reward.toString(), "--in", answers.toString(), "--out", scored.toString()))
                .as(err.toString())
                .isZero();
        assertThat(Files.readAllLines(scored))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).containsPattern("\"reward\":-?\\d"));
    }

    @Test
    void aWordThatIsNotOfTheLabIsNamed() throws IOException {
        Path answers = Files.writeString(
                folder.resolve("answers.jsonl"), "{\"prompt\": \"lily :\", \"response\": \"lily computes .\"}\n");
        Path scored = folder.resolve("scored.jsonl");
        assertThat(execute(
                        "reward", "score", reward.toString(), "--in", answers.toString(), "--out", scored.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("words that are not among").contains("computes");
        assertThat(scored).doesNotExist();
    }

    @Test
    void aDeviceThatTheEngineDoesNotHaveIsRefused() throws IOException {
        Path answers = Files.writeString(
                folder.resolve("answers.jsonl"), "{\"prompt\": \"lily :\", \"response\": \"lily .\"}\n");
        for (String device : List.of("cuda", "tensorrt")) {
            assertThat(execute("sample", policy.toString(), "--prompt", "lily :", "--device", device))
                    .isEqualTo(2);
            assertThat(execute("reward", "score", reward.toString(), "--in", answers.toString(), "--device", device))
                    .isEqualTo(2);
            assertThat(err.toString())
                    .startsWith(
                            "save4j: engine 'onnxruntime' is here without the device " + device + " (it has [cpu])");
            err.getBuffer().setLength(0);
        }
    }

    @Test
    void noAnswersAreRefused() {
        assertThat(execute("sample", policy.toString(), "--prompt", "lily :", "--answers", "0"))
                .isEqualTo(2);
        assertThat(err.toString()).startsWith("save4j: --answers must be at least 1, but is 0");
    }

    @Test
    void samplesAnswers() {
        assertThat(execute(
                        "sample",
                        policy.toString(),
                        "--prompt",
                        "lily kite garden happy :",
                        "--answers",
                        "2",
                        "--max-tokens",
                        "4"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString().lines().filter(line -> line.contains("tokens, log-prob")))
                .hasSize(2);
    }
}

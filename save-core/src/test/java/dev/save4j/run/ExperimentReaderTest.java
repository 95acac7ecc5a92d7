package dev.save4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.objectives.ContrastObjective;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentReaderTest {
    private static final String MINIMAL = """
            name: small
            data: {lab: tales}
            """;

    private static Experiment read(String yaml, String... overrides) {
        return ExperimentReader.resolve(yaml, "small.yaml", List.of(overrides)).experiment();
    }

    @Test
    void takesDefaultsForWhatIsNotSaid() {
        Experiment experiment = read(MINIMAL);
        assertThat(experiment.engines().gradient()).isEqualTo("onnxruntime");
        assertThat(experiment.save().contrast()).isEqualTo(ContrastObjective.Variant.ANCHORED_LOGISTIC);
        assertThat(experiment.policy().model()).isEmpty();
        assertThat(experiment.reward().size()).isEqualTo(experiment.policy().size());
        assertThat(experiment.modes()).containsExactly(Experiment.Mode.SAVE);
    }

    @Test
    void overridesWinOverTheFile() {
        Experiment experiment = read(
                MINIMAL + "steps: 5\n",
                "steps=7",
                "save.gate.every=0",
                "modes=[static, labelled-only]",
                "algorithm.settings.epsilon_low=0.1");
        assertThat(experiment.steps()).isEqualTo(7);
        assertThat(experiment.save().gate().every()).isZero();
        assertThat(experiment.modes()).containsExactly(Experiment.Mode.STATIC, Experiment.Mode.LABELLED_ONLY);
        assertThat(experiment.algorithm().settings()).containsEntry("epsilon_low", 0.1);
    }

    @Test
    void reportsAllProblemsAtOnceWithTheirLinesAndNearestNames() {
        String yaml = """
                name: small
                data:
                  lab: tales
                save:
                  contrst: hinge
                  gate: {every: soon}
                modes: [statik]
                rollout:
                  temperature: -1
                """;
        assertThatThrownBy(() -> read(yaml, "engines.thread=2"))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("5 problems")
                .hasMessageContaining("small.yaml:5: save.contrst is not a setting. Did you mean 'contrast'?")
                .hasMessageContaining("small.yaml:6: save.gate.every must be a whole number, but is \"soon\"")
                .hasMessageContaining(
                        "modes[0] must be one of static | save | labelled-only | oracle, but is \"statik\". Did you mean 'static'?")
                .hasMessageContaining("small.yaml:8: rollout is not valid: temperature must be positive")
                .hasMessageContaining(
                        "--set engines.thread=2: engines.thread is not a setting. Did you mean 'threads'?");
    }

    @ParameterizedTest
    @ValueSource(strings = {".inf", "-.inf", ".nan", "1e-40", "0"})
    void refusesATemperatureThatLogitsCannotBeDividedBy(String temperature) {
        assertThatThrownBy(() -> read(MINIMAL, "rollout.temperature=" + temperature))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(
                        "temperature must be positive and finite while training, at least 1.0E-30, but is "
                                + (temperature.contains("nan") ? Double.NaN : ""));
    }

    @Test
    void refusesDoubledKeysAndBrokenYaml() {
        assertThatThrownBy(() -> read(MINIMAL + "name: again\n"))
                .hasMessageContaining("small.yaml:3")
                .hasMessageContaining("not valid YAML");
        assertThatThrownBy(() -> read("name: ["))
                .hasMessageContaining("small.yaml:")
                .hasMessageContaining("not valid YAML");
        assertThatThrownBy(() -> read("")).hasMessageContaining("small.yaml is empty");
        assertThatThrownBy(() -> read("[1]")).hasMessageContaining("an experiment is a mapping");
    }

    @Test
    void refusesAnOverrideThatIsNoAssignment() {
        assertThatThrownBy(() -> read(MINIMAL, "steps")).hasMessageContaining("--set steps: expected key=value");
        assertThatThrownBy(() -> read(MINIMAL, "name.first=x")).hasMessageContaining("'name' is a single value");
    }

    @Test
    void namesAMissingFile() {
        assertThatThrownBy(() -> ExperimentReader.read(Path.of("nowhere.yaml"), List.of()))
                .hasMessageContaining("there is no experiment file 'nowhere.yaml'");
    }

    @Test
    void asksForTheFilesThatAreNeededOutsideTheLab() {
        assertThatThrownBy(() -> read("name: x\n")).hasMessageContaining("data must name one source of prompts");
        assertThatThrownBy(() -> read("name: x\ndata: {prompts: p.jsonl}\n"))
                .hasMessageContaining("data.preferences must name a file");
        assertThatThrownBy(() -> read("name: x\ndata: {prompts: p, preferences: q, held_out: h}\nmodes: [oracle]\n"))
                .hasMessageContaining("mode oracle needs the lab's gold reward");
    }

    @Test
    void theResolvedTextReadsBackAsTheSameExperiment() {
        ExperimentReader.Resolved resolved = ExperimentReader.resolve(
                MINIMAL, "small.yaml", List.of("policy.size.layers=4", "reward.training.epochs=3"));
        assertThat(ExperimentReader.resolve(resolved.yaml(), "config.yaml", List.of())
                        .experiment())
                .isEqualTo(resolved.experiment());
    }
}

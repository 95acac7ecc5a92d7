package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Node;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Gradients are right: for every operator that the engine's table calls differentiable, and for small graphs of the kind that are trained. They are
 * compared with differences of the same graphs in plain Java and double precision. Where there is no gradient the engine says so.
 */
public abstract class GradientConformance {
    private final GradientEngine engine;
    private final OperatorTable table;

    protected GradientConformance(GradientEngine engine) {
        this.engine = engine;
        this.table = engine.capabilities().operators();
    }

    @TestFactory
    Stream<DynamicNode> gradients() {
        Report report = new Report();
        List<Sample> samples = SampleList.all();
        return Stream.of(
                dynamicContainer(
                        "every differentiable operator",
                        table.rules().stream()
                                .filter(rule ->
                                        rule.differentiable() && !rule.domain().equals(Node.SAVE4J))
                                .map(rule -> dynamicContainer(operator(rule), cases(rule, samples, report)))),
                dynamicContainer(
                        "graphs that are trained",
                        ChainedGraphs.all().stream()
                                .map(chained -> dynamicTest(chained.name(), () -> run(chained, report, Set.of())))),
                dynamicContainer(
                        "every other operator is refused between a weight and the loss",
                        samples.stream()
                                .filter(this::hasNoGradient)
                                .map(sample -> dynamicTest(sample.name(), () -> requireRefusal(sample, report)))),
                dynamicTest("summary", () -> System.out.println(report.summary("gradients", engine.name()))));
    }

    private static String operator(OperatorRule rule) {
        return rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator();
    }

    private Stream<DynamicNode> cases(OperatorRule rule, List<Sample> samples, Report report) {
        String operator = operator(rule);
        Stream<DynamicNode> cases = samples.stream()
                .filter(sample -> sample.qualifiedOperator().equals(operator)
                        && sample.smooth()
                        && rule.attributes().containsAll(sample.attributes().keySet())
                        && sample.expected().values().stream()
                                .anyMatch(value -> value.type().isFloating()))
                .map(sample ->
                        dynamicTest(sample.label(), () -> run(GradientCase.of(sample), report, Set.of(operator))));
        return Stream.concat(
                cases,
                Stream.of(dynamicTest(
                        "has a case that passes",
                        () -> assertThat(report.hasProven(operator))
                                .as(
                                        "engine '%s' calls %s differentiable, but no gradient case of the kit passes",
                                        engine.name(), operator)
                                .isTrue())));
    }

    private void run(GradientCase gradientCase, Report report, Set<String> operators) {
        try {
            gradientCase.check(engine);
            report.passed(operators);
        } catch (SaveException refused) {
            boolean clear = refused.kind() == SaveException.Kind.USER
                    && refused.getMessage().contains("'" + engine.name() + "'")
                    && gradientCase.graph().nodes().stream()
                            .anyMatch(node -> refused.getMessage().contains(node.describe()));
            if (!clear || operators.isEmpty()) {
                report.failed(gradientCase.name());
                throw new AssertionError(
                        gradientCase.name() + " on engine '" + engine.name() + "': " + refused.getMessage(), refused);
            }
            report.refused();
        } catch (AssertionError wrong) {
            report.failed(gradientCase.name());
            throw wrong;
        }
    }

    private boolean hasNoGradient(Sample sample) {
        return sample.hasData()
                && table.rule(sample.domain(), sample.operator())
                        .filter(rule -> !rule.differentiable()
                                && rule.attributes()
                                        .containsAll(sample.attributes().keySet())
                                && rule.elements().contains(ElementType.FLOAT))
                        .isPresent()
                && sample.expected().values().stream()
                        .allMatch(value -> value.type().isFloating());
    }

    private void requireRefusal(Sample sample, Report report) {
        GradientCase gradientCase = GradientCase.of(sample);
        try {
            engine.open(
                            gradientCase.store(),
                            List.of(gradientCase.graph()),
                            Optimization.DEFAULT,
                            EngineSettings.singleThreaded())
                    .close();
        } catch (SaveException refused) {
            assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER);
            assertThat(refused.getMessage())
                    .contains("'" + engine.name() + "'", "'sample'", sample.qualifiedOperator());
            report.refused();
            return;
        }
        report.failed(sample.name());
        throw new AssertionError("engine '" + engine.name() + "' says that " + sample.qualifiedOperator()
                + " has no gradient, and yet opens a graph that needs one");
    }

    private interface Expression {
        Value apply(GraphBuilder g);
    }

    private Map<String, Tensor> gradients(WeightStore weights, Optimization optimization, Expression loss) {
        GraphBuilder g = new GraphBuilder("gradients");
        g.output(Losses.NAME, loss.apply(g));
        Graph graph = g.build();
        try (Trainer trainer = engine.open(weights, List.of(graph), optimization, EngineSettings.singleThreaded())) {
            trainer.accumulate(graph, Map.of(), 1);
            return trainer.gradients();
        }
    }

    private static WeightStore store() {
        return new WeightStore(
                Map.of("w", Tensor.of(new float[] {1, -2, 3}, 3), "other", Tensor.of(new float[] {0.5f, 2, -1}, 3)));
    }

    private static float[] values(Map<String, Tensor> gradients, String weight) {
        return Objects.requireNonNull(gradients.get(weight), weight).toFloats();
    }

    @Test
    void noGradientFlowsThroughStopGradient() {
        Map<String, Tensor> gradients = gradients(store(), Optimization.DEFAULT, g -> {
            Value w = g.parameter("w", 3);
            return w.mul(w.stopGradient()).sum();
        });
        assertThat(values(gradients, "w")).containsExactly(1, -2, 3);
    }

    @Test
    void aWeightBehindStopGradientHasNoGradient() {
        Map<String, Tensor> gradients = gradients(
                store(),
                Optimization.DEFAULT,
                g -> g.parameter("w", 3)
                        .mul(g.parameter("other", 3).exp().stopGradient())
                        .sum());
        assertThat(gradients.keySet()).containsExactly("w");
    }

    @Test
    void aWeightThatTheLossDoesNotReachHasNoGradient() {
        GraphBuilder g = new GraphBuilder("unreached");
        g.output(Losses.NAME, g.parameter("w", 3).square().sum());
        g.output("metric", g.parameter("other", 3).sum());
        Graph graph = g.build();
        try (Trainer trainer =
                engine.open(store(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            trainer.accumulate(graph, Map.of(), 1);
            assertThat(trainer.gradients().keySet()).containsExactly("w");
        }
    }

    @Test
    void aFrozenWeightHasNoGradient() {
        Optimization frozen = Optimization.DEFAULT.withGroups(List.of(new Optimization.Group(Set.of("other"), 0, 0)));
        Map<String, Tensor> gradients = gradients(
                store(),
                frozen,
                g -> g.parameter("w", 3).mul(g.parameter("other", 3)).sum());
        assertThat(gradients.keySet()).containsExactly("w");
    }

    @Test
    void theGradientsOfAWeightThatIsUsedTwiceAreSummed() {
        Map<String, Tensor> gradients = gradients(store(), Optimization.DEFAULT, g -> {
            Value w = g.parameter("w", 3);
            return w.mul(2).sum().add(w.square().sum());
        });
        assertThat(values(gradients, "w")).containsExactly(4, -2, 8);
    }

    @Test
    void gradientsAreScaledAndGatherUntilTheStep() {
        GraphBuilder g = new GraphBuilder("scaled");
        Value x = g.input("x", ElementType.FLOAT, 3);
        g.output(Losses.NAME, g.parameter("w", 3).mul(x).sum());
        Graph graph = g.build();
        Map<String, Tensor> first = Map.of("x", Tensor.of(new float[] {1, 2, 3}, 3));
        Map<String, Tensor> second = Map.of("x", Tensor.of(new float[] {8, 4, 2}, 3));
        try (Trainer trainer =
                engine.open(store(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            assertThat(trainer.gradients()).isEmpty();
            float loss = Objects.requireNonNull(
                            trainer.accumulate(graph, first, 2).get(Losses.NAME))
                    .item();
            assertThat(loss).as("the loss, which is not scaled").isEqualTo(6);
            trainer.evaluate(graph, second);
            assertThat(values(trainer.gradients(), "w")).containsExactly(2, 4, 6);
            trainer.accumulate(graph, second, 0.5);
            assertThat(values(trainer.gradients(), "w")).containsExactly(6, 6, 7);
            trainer.step(0);
            assertThat(trainer.gradients()).isEmpty();
        }
    }

    @Test
    void evaluatesAGraphWhoseLossDependsOnNoWeight() {
        GraphBuilder g = new GraphBuilder("constant");
        Value x = g.input("x", ElementType.FLOAT, 2);
        g.output("doubled", x.add(x));
        g.output(Losses.NAME, g.scalar(0.0).identity());
        Graph graph = g.build();
        try (Trainer trainer =
                engine.open(store(), List.of(graph), Optimization.DEFAULT, EngineSettings.singleThreaded())) {
            Map<String, Tensor> outputs = trainer.evaluate(graph, Map.of("x", Tensor.of(new float[] {1, 2}, 2)));
            assertThat(values(outputs, "doubled")).containsExactly(2, 4);
        }
    }
}

package dev.save4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.save4j.SaveException;
import dev.save4j.engine.OperatorRule;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * What an engine says it can run, it runs right; all else it refuses when a graph is opened. The cases are the operator tests of the ONNX project, if
 * the data is there (see the system property {@code save4j.shared}), and cases of the kit's own, judged by the same operators in plain Java and
 * double precision. Every operator and attribute of the engine's table must have a case that passes, and every
 * element type a graph that opens.
 */
public abstract class OperatorConformance {
    private final ForwardEngine engine;

    protected OperatorConformance(ForwardEngine engine) {
        this.engine = engine;
    }

    /**
     * Cases in which the engine's library differs from the ONNX project, by name, each with the reason. That they still do is checked.
     */
    protected Map<String, String> disagreements() {
        return Map.of();
    }

    /**
     * What the table lists and no case of the kit proves, each with the reason: operators as {@code domain::Operator} and attributes as
     * {@code domain::Operator.attribute}. That there is still no case is checked.
     */
    protected Map<String, String> unproven() {
        return Map.of();
    }

    /** Types of operands that the table lists for an operator and that no sample of the kit has in their place. */
    protected Map<String, Set<ElementType>> unprovenElements() {
        return Map.of();
    }

    @TestFactory
    Stream<DynamicNode> operators() {
        Report report = new Report();
        return Stream.of(
                dynamicContainer("cases of the ONNX project", onnxCases(report)),
                dynamicContainer("cases of the kit", kitCases(report)),
                dynamicContainer("everything that is listed has a case that passes", coverage(report)),
                dynamicContainer("operands of every type that is listed are accepted", elements()),
                dynamicTest("summary", () -> System.out.println(report.summary("operators", engine.name()))));
    }

    private Stream<DynamicNode> onnxCases(Report report) {
        Optional<List<Path>> folders = OnnxCases.folders();
        if (folders.isEmpty()) {
            String why = "the operator tests of the ONNX project are not there";
            report.skipped("all cases of the ONNX project", why);
            return Stream.of(dynamicTest("skipped", () -> Assumptions.abort(why)));
        }
        return folders.get().stream().map(folder -> {
            String name = folder.getFileName().toString();
            return dynamicTest(name, () -> run(name, () -> OnnxCases.read(folder), report));
        });
    }

    private Stream<DynamicNode> kitCases(Report report) {
        return SampleList.all().stream()
                .flatMap(sample -> Stream.concat(Stream.of(sample), doubled(sample)))
                .map(sample -> dynamicTest(sample.name(), () -> run(sample.name(), sample::forward, report)));
    }

    /** The sample in double precision, if the engine claims that. */
    private Stream<Sample> doubled(Sample sample) {
        return engine
                .operators()
                .rule(sample.domain(), sample.operator())
                .filter(rule -> rule.elements().contains(ElementType.DOUBLE))
                .flatMap(rule -> sample.inDoublePrecision())
                .stream();
    }

    private void run(String name, java.util.function.Supplier<OperatorCase> read, Report report) {
        OperatorCase operatorCase = read.get();
        String disagreement = disagreements().get(name);
        if (disagreement != null) {
            report.skipped(name, disagreement);
            assertThatThrownBy(() -> operatorCase.tryOn(engine))
                    .as("the case passes now, so it must not be listed as a disagreement any more")
                    .isInstanceOf(AssertionError.class);
            return;
        }
        try {
            if (operatorCase.tryOn(engine) == OperatorCase.Outcome.PASSED) {
                report.passed(operatorCase.claims());
            } else {
                report.refused();
            }
        } catch (AssertionError | RuntimeException failure) {
            report.failed(name);
            throw failure;
        }
    }

    /** For every operator with samples, but for those whose bodies have types of their own. */
    private Stream<DynamicNode> elements() {
        Map<String, List<Sample>> samples = SampleList.all().stream()
                .filter(sample -> sample.operands().stream()
                                .anyMatch(operand -> operand.value().isPresent())
                        && sample.attributes().values().stream().noneMatch(Attribute.Body.class::isInstance))
                .collect(Collectors.groupingBy(Sample::qualifiedOperator));
        return engine.operators().rules().stream()
                .filter(rule -> samples.containsKey(operator(rule)))
                .map(rule -> dynamicTest(operator(rule), () -> {
                    Set<ElementType> refused = EnumSet.noneOf(ElementType.class);
                    refused.addAll(rule.elements());
                    refused.removeIf(element -> samples.getOrDefault(operator(rule), List.of()).stream()
                            .flatMap(sample -> sample.withElement(element))
                            .anyMatch(this::opens));
                    assertThat(refused)
                            .as("types listed for %s with which no sample opens", operator(rule))
                            .isSubsetOf(unprovenElements().getOrDefault(operator(rule), Set.of()));
                }));
    }

    private boolean opens(Graph graph) {
        try (ForwardEngine.Session session = engine.open(graph, new WeightStore(Map.of()))) {
            return true;
        } catch (SaveException refused) {
            return false;
        }
    }

    private static String operator(OperatorRule rule) {
        return rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator();
    }

    /** The operators of the table, and their attributes as {@code Operator.attribute}. */
    private Set<String> claims() {
        Set<String> claims = new TreeSet<>();
        for (OperatorRule rule : engine.operators().rules()) {
            String operator = operator(rule);
            claims.add(operator);
            rule.attributes().forEach(attribute -> claims.add(operator + "." + attribute));
        }
        return claims;
    }

    private Stream<DynamicNode> coverage(Report report) {
        Set<String> claims = claims();
        Set<String> all = new TreeSet<>(claims);
        all.addAll(unproven().keySet());
        return all.stream()
                .map(claim -> dynamicTest(claim, () -> {
                    assertThat(claims)
                            .as("%s is unproven, but the engine's table does not list it", claim)
                            .contains(claim);
                    String reason = unproven().get(claim);
                    if (reason != null) {
                        report.skipped(claim, reason);
                    }
                    assertThat(report.hasProven(claim))
                            .as(
                                    reason == null
                                            ? "engine '%s' lists %s, but the kit has no case for it that passes"
                                            : "engine '%s': the kit has a case for %s, so it is not unproven any more",
                                    engine.name(),
                                    claim)
                            .isEqualTo(reason == null);
                }));
    }
}

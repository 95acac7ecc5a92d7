package dev.save4j.onnxruntime;

import dev.save4j.engine.Checkpointing;
import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.GradientPath;
import dev.save4j.engine.MemoryNeeds;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Problem;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.ElementTypes;
import dev.save4j.graph.Graph;
import dev.save4j.onnxruntime.gradient.Backpropagation;
import dev.save4j.tensor.WeightStore;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Differentiates graphs into graphs and runs them with ONNX Runtime on the CPU, in single precision: the library that rolls out and scores computes the
 * gradients as well, from the same buffers. The same inputs give the same bytes whatever the number of threads.
 */
public final class OnnxRuntimeGradients implements GradientEngine {
    static final String LOSS = "loss";

    private static final OperatorTable TABLE = table();

    private static OperatorTable table() {
        Set<String> differentiable = Backpropagation.operators();
        return new OperatorTable(OnnxRuntimeOperators.TABLE.rules().stream()
                .map(rule -> new OperatorRule(
                        rule.domain(),
                        rule.operator(),
                        rule.attributes(),
                        rule.elements(),
                        differentiable.contains(
                                rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator())))
                .toList());
    }

    @Override
    public String name() {
        return OnnxRuntimeEngine.NAME;
    }

    @Override
    public Map<String, String> libraries() {
        return Natives.libraries();
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities(Natives.version(), List.of("cpu"), TABLE);
    }

    /** Values are freed behind their last derivative: docs/memory.md has what was measured. */
    @Override
    public MemoryNeeds memoryNeeds() {
        return new MemoryNeeds(MemoryNeeds.TYPICAL.library(), MemoryNeeds.TYPICAL.perWeight(), 12);
    }

    @Override
    public Set<Checkpointing> checkpointing() {
        return EnumSet.allOf(Checkpointing.class);
    }

    @Override
    public List<Problem> gradientProblems(Graph loss) {
        return Backpropagation.problems(
                GradientPath.of(loss, new ElementTypes(loss)::isFloating, LOSS, weight -> true));
    }

    @Override
    public Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        losses.forEach(graph -> {
            TABLE.check(name(), graph);
            OnnxRuntimeEngine.requireInputs(graph);
        });
        return OnnxRuntimeTrainer.open(weights, losses, optimization, settings);
    }
}

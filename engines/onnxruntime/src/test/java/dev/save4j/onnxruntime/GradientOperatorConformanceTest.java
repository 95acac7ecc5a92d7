package dev.save4j.onnxruntime;

import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.ForwardEngine;
import dev.save4j.testkit.OperatorConformance;
import java.util.Map;
import java.util.Set;

/** The forward pass of a trainer accepts and computes what the engine does. */
class GradientOperatorConformanceTest extends OperatorConformance {
    GradientOperatorConformanceTest() {
        super(ForwardEngine.of(new OnnxRuntimeGradients()));
    }

    @Override
    protected Map<String, String> disagreements() {
        return OperatorConformanceTest.DISAGREEMENTS;
    }

    @Override
    protected Map<String, String> unproven() {
        return OperatorConformanceTest.UNPROVEN;
    }

    @Override
    protected Map<String, Set<ElementType>> unprovenElements() {
        return OperatorConformanceTest.UNPROVEN_ELEMENTS;
    }
}

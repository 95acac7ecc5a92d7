package dev.save4j.tensorflow;

import dev.save4j.testkit.GradientConformance;

class GradientConformanceTest extends GradientConformance {
    GradientConformanceTest() {
        super(new TensorFlowEngine());
    }
}

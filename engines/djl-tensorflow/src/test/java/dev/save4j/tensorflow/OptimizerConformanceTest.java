package dev.save4j.tensorflow;

import dev.save4j.testkit.OptimizerConformance;

class OptimizerConformanceTest extends OptimizerConformance {
    OptimizerConformanceTest() {
        super(new TensorFlowEngine());
    }
}

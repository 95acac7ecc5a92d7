package dev.save4j.onnxruntime;

import dev.save4j.testkit.OptimizerConformance;

class OptimizerConformanceTest extends OptimizerConformance {
    OptimizerConformanceTest() {
        super(new OnnxRuntimeGradients());
    }
}

package dev.save4j.onnxruntime;

import dev.save4j.testkit.GradientConformance;

class GradientConformanceTest extends GradientConformance {
    GradientConformanceTest() {
        super(new OnnxRuntimeGradients());
    }
}

package dev.save4j.onnxruntime;

import dev.save4j.testkit.InferenceConformance;

class InferenceConformanceTest extends InferenceConformance {
    InferenceConformanceTest() {
        super(new OnnxRuntimeEngine());
    }
}

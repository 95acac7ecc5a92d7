package dev.save4j.onnxruntime;

import dev.save4j.testkit.LeakSoak;

class LeakSoakConformanceTest extends LeakSoak {
    LeakSoakConformanceTest() {
        super(new OnnxRuntimeGradients(), new OnnxRuntimeEngine());
    }
}

package dev.save4j.tensorflow;

import dev.save4j.testkit.ForwardEngine;
import dev.save4j.testkit.OperatorConformance;

class OperatorConformanceTest extends OperatorConformance {
    OperatorConformanceTest() {
        super(ForwardEngine.of(new TensorFlowEngine()));
    }
}

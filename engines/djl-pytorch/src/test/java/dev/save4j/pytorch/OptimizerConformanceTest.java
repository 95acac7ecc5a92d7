package dev.save4j.pytorch;

import dev.save4j.testkit.OptimizerConformance;

class OptimizerConformanceTest extends OptimizerConformance {
    OptimizerConformanceTest() {
        super(new PyTorchEngine());
    }
}

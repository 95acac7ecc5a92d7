package dev.save4j.pytorch;

import dev.save4j.testkit.ForwardEngine;
import dev.save4j.testkit.OperatorConformance;

class OperatorConformanceTest extends OperatorConformance {
    OperatorConformanceTest() {
        super(ForwardEngine.of(new PyTorchEngine()));
    }
}

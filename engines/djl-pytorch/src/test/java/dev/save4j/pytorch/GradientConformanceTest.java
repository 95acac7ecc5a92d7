package dev.save4j.pytorch;

import dev.save4j.testkit.GradientConformance;

class GradientConformanceTest extends GradientConformance {
    GradientConformanceTest() {
        super(new PyTorchEngine());
    }
}

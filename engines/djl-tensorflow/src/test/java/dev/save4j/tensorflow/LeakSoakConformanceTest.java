package dev.save4j.tensorflow;

import dev.save4j.testkit.LeakSoak;

class LeakSoakConformanceTest extends LeakSoak {
    LeakSoakConformanceTest() {
        super(new TensorFlowEngine());
    }
}

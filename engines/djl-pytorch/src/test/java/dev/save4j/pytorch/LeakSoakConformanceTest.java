package dev.save4j.pytorch;

import dev.save4j.testkit.LeakSoak;

class LeakSoakConformanceTest extends LeakSoak {
    LeakSoakConformanceTest() {
        super(new PyTorchEngine());
    }
}

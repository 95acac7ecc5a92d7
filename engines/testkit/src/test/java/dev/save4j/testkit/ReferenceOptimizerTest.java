package dev.save4j.testkit;

/** The host's AdamW keeps the optimizer's contract. */
class ReferenceOptimizerTest extends OptimizerConformance {
    ReferenceOptimizerTest() {
        super(new ReferenceGradientEngine());
    }
}

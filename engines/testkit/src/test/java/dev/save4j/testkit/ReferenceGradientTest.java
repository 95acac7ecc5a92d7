package dev.save4j.testkit;

/** The gradient suite agrees with itself. */
class ReferenceGradientTest extends GradientConformance {
    ReferenceGradientTest() {
        super(new ReferenceGradientEngine());
    }
}

package dev.save4j.testkit;

/** The reference is right by the tests of the ONNX project. */
class ReferenceOperatorTest extends OperatorConformance {
    ReferenceOperatorTest() {
        super(new ReferenceEngine());
    }
}

/**
 * ONNX operators written down once more in plain Java and double precision, as slow and as clear as their specifications.
 * The conformance suite judges engines by them; they themselves are judged by the operator tests of the ONNX project.
 */
@NullMarked
package dev.save4j.testkit.reference;

import org.jspecify.annotations.NullMarked;

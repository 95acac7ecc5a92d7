/**
 * Runs graphs with ONNX Runtime: inference, rollouts and gradients written as ONNX nodes.
 * Nothing here is named by other modules; the engine is found through {@link java.util.ServiceLoader}.
 */
@NullMarked
package dev.save4j.onnxruntime;

import org.jspecify.annotations.NullMarked;

/**
 * Differentiates graphs: from a graph with a loss it makes one that computes the gradients of its weights as well, node by node, by reverse-mode
 * differentiation. Nothing here runs anything; the graphs are plain ONNX with the operators that ONNX Runtime adds.
 */
@NullMarked
package dev.save4j.onnxruntime.gradient;

import org.jspecify.annotations.NullMarked;

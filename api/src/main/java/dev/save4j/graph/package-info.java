/**
 * ONNX graphs: the immutable graph, the builder in which models and objectives are written, and the file format. Nothing here computes; engines
 * do.
 */
@NullMarked
package dev.save4j.graph;

import org.jspecify.annotations.NullMarked;

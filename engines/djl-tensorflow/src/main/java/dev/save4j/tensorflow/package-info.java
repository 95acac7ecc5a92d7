/**
 * Differentiates graphs with TensorFlow's own gradients: each graph is translated to a TensorFlow graph for the shapes of its inputs, which DJL's
 * TensorFlow engine runs. Nothing here is named by other modules; the engine is found through {@link java.util.ServiceLoader}.
 */
@NullMarked
package dev.save4j.tensorflow;

import org.jspecify.annotations.NullMarked;

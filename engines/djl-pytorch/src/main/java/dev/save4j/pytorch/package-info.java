/**
 * Differentiates graphs with PyTorch autograd through DJL.
 * Nothing here is named by other modules; the engine is found through {@link java.util.ServiceLoader}.
 */
@NullMarked
package dev.save4j.pytorch;

import org.jspecify.annotations.NullMarked;

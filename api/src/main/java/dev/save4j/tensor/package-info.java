/**
 * Tensors on the host and the store of weights that all engines share. Buffers are direct and in native byte order, so that native code reads
 * and writes them without a copy.
 */
@NullMarked
package dev.save4j.tensor;

import org.jspecify.annotations.NullMarked;

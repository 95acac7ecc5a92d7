package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import org.jspecify.annotations.Nullable;

/**
 * The calls that DJL's public arrays do not offer, and the only class that touches its JNI layer: autograd without the one gradient collector per
 * process, and operators whose public form checks or copies too much. DJL is pinned to the version this was read against, 0.36.0.
 */
final class TorchNative {
    private TorchNative() {}

    /** Grad mode belongs to the thread; DJL switches it off on the thread that loads the engine and leaves it on elsewhere. */
    static boolean gradMode(boolean on) {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(on);
        return before;
    }

    /** Threads of one operation, for the calling thread and as the default of threads that start later. */
    static void threads(int threads) {
        if (JniUtils.getNumThreads() != threads) {
            JniUtils.setNumThreads(threads);
        }
    }

    /** Adds the gradients of {@code loss · seed} to the leaves, and frees the graph. */
    static void backward(NDArray loss, NDArray seed) {
        JniUtils.backward((PtNDArray) loss, (PtNDArray) seed, false, false);
    }

    /** A new handle on the accumulated gradient, or null when no loss reached the leaf. */
    static @Nullable NDArray gradient(NDArray leaf) {
        return JniUtils.getGradient((PtNDArray) leaf);
    }

    static NDArray full(NDManager manager, Shape shape, double value, DataType type) {
        return JniUtils.full((PtNDManager) manager, shape, value, type, manager.getDevice(), SparseFormat.DENSE);
    }

    /** A view of one axis; the step is positive. */
    static NDArray slice(NDArray array, int axis, long from, long to, long step) {
        return JniUtils.slice((PtNDArray) array, axis, from, to, step);
    }

    /** Views of one axis, one after the other; their gradients are joined by a single copy, those of slices by one sum each. */
    static NDList split(NDArray array, long[] sizes, int axis) {
        return JniUtils.split((PtNDArray) array, sizes, axis);
    }

    /** Broadcasts all three operands. */
    static NDArray where(NDArray condition, NDArray whenTrue, NDArray whenFalse) {
        return JniUtils.where((PtNDArray) condition, (PtNDArray) whenTrue, (PtNDArray) whenFalse);
    }

    /** {@code x Wᵀ (+ b)}. */
    static NDArray linear(NDArray x, NDArray weight, @Nullable NDArray bias) {
        return JniUtils.linear((PtNDArray) x, (PtNDArray) weight, (PtNDArray) bias);
    }

    /** Rows of a matrix. */
    static NDArray rows(NDArray matrix, NDArray indices) {
        return JniUtils.embedding((PtNDArray) indices, (PtNDArray) matrix, false);
    }

    static NDArray layerNorm(NDArray x, long[] normalized, NDArray scale, NDArray bias, double epsilon) {
        return JniUtils.layerNorm((PtNDArray) x, new Shape(normalized), (PtNDArray) scale, (PtNDArray) bias, epsilon);
    }

    static NDArray mean(NDArray array, int axis, boolean keep) {
        return JniUtils.mean((PtNDArray) array, axis, keep);
    }
}

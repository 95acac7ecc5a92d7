package dev.save4j.pytorch;

import ai.djl.ndarray.NDArray;
import dev.save4j.graph.HostTensor;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** A value of a running graph: integers and booleans of shape arithmetic on the host, everything else on the device. */
sealed interface TorchValue {
    long[] shape();

    /** Frees the device's memory; the value must not be used afterwards. */
    void close();

    /** An array; floating, or boolean when it came out of a comparison of floating arrays. */
    final class OnDevice implements TorchValue {
        private final NDArray array;
        private final OptionalDouble constant;

        OnDevice(NDArray array) {
            this(array, OptionalDouble.empty());
        }

        /**
         * @param constant the value, if it is a constant with one element
         */
        OnDevice(NDArray array, OptionalDouble constant) {
            this.array = array;
            this.constant = constant;
        }

        NDArray array() {
            return array;
        }

        OptionalDouble constant() {
            return constant;
        }

        @Override
        public long[] shape() {
            return array.getShape().getShape();
        }

        @Override
        public void close() {
            array.close();
        }
    }

    /** Integers or booleans, uploaded at most once. */
    final class OnHost implements TorchValue {
        private final HostTensor tensor;
        private @Nullable NDArray uploaded;

        OnHost(HostTensor tensor) {
            this.tensor = tensor;
        }

        HostTensor tensor() {
            return tensor;
        }

        NDArray array(DeviceMemory memory) {
            NDArray array = uploaded;
            if (array == null) {
                array = memory.upload(tensor);
                uploaded = array;
            }
            return array;
        }

        @Override
        public long[] shape() {
            return tensor.shape();
        }

        @Override
        public void close() {
            if (uploaded != null) {
                uploaded.close();
                uploaded = null;
            }
        }
    }
}

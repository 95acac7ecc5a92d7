package dev.save4j.tensorflow;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Tensor;

/** The tensors that one run gives to placeholders. Owns those that were made for the run; weights and constants only pass through. */
final class Feeds implements AutoCloseable {
    private final List<TF_Operation> operations = new ArrayList<>();
    private final List<TF_Tensor> tensors = new ArrayList<>();
    private final List<NativeTensor> owned = new ArrayList<>();

    /** Feeds a tensor that outlives the run. */
    void lend(Symbol placeholder, NativeTensor tensor) {
        operations.add(placeholder.operation());
        tensors.add(tensor.handle());
    }

    /** Feeds a tensor that is closed with the run. */
    void give(Symbol placeholder, NativeTensor tensor) {
        owned.add(tensor);
        lend(placeholder, tensor);
    }

    int size() {
        return tensors.size();
    }

    TF_Operation[] operations() {
        return operations.toArray(TF_Operation[]::new);
    }

    TF_Tensor[] tensors() {
        return tensors.toArray(TF_Tensor[]::new);
    }

    @Override
    public void close() {
        owned.forEach(NativeTensor::close);
        owned.clear();
        operations.clear();
        tensors.clear();
    }
}

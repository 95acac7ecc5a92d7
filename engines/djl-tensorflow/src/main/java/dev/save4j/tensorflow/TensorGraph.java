package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import ai.djl.tensorflow.engine.TfDataType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_OperationDescription;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * A TensorFlow graph under construction, through TensorFlow's C interface. Operations are only ever added, also after a session has run some of
 * them. Not thread-safe; closed by its owner, after the session.
 */
final class TensorGraph implements AutoCloseable {
    private final TF_Graph graph;
    private String prefix = "graph";
    private int count;

    TensorGraph() {
        graph = TF_Graph.newGraph();
        graph.retainReference();
    }

    TF_Graph handle() {
        return graph;
    }

    /** Names of operations that are added from now on begin with this prefix and a slash. */
    void prefix(String prefix) {
        this.prefix = prefix;
    }

    Builder operation(String type) {
        return new Builder(type);
    }

    /** An operation under construction. */
    final class Builder {
        private final TF_OperationDescription description;

        private Builder(String type) {
            description = tensorflow.TF_NewOperation(graph, type, prefix + "/" + type + "_" + count++);
        }

        Builder input(Symbol symbol) {
            try (PointerScope scope = new PointerScope()) {
                tensorflow.TF_AddInput(description, output(symbol));
            }
            return this;
        }

        /** One operand that is a list. */
        Builder inputs(List<Symbol> symbols) {
            try (PointerScope scope = new PointerScope()) {
                tensorflow.TF_AddInputList(description, outputs(symbols), symbols.size());
            }
            return this;
        }

        Builder type(String attribute, DataType type) {
            tensorflow.TF_SetAttrType(description, attribute, TfDataType.toTf(type));
            return this;
        }

        Builder flag(String attribute, boolean value) {
            tensorflow.TF_SetAttrBool(description, attribute, (byte) (value ? 1 : 0));
            return this;
        }

        Builder integer(String attribute, long value) {
            tensorflow.TF_SetAttrInt(description, attribute, value);
            return this;
        }

        Builder text(String attribute, String value) {
            try (PointerScope scope = new PointerScope();
                    BytePointer bytes = new BytePointer(value)) {
                tensorflow.TF_SetAttrString(description, attribute, bytes, value.length());
            }
            return this;
        }

        Builder shape(String attribute, long... shape) {
            tensorflow.TF_SetAttrShape(description, attribute, shape, shape.length);
            return this;
        }

        /** The tensor is copied. */
        Builder tensor(String attribute, TF_Tensor value) {
            try (PointerScope scope = new PointerScope()) {
                TF_Status status = TF_Status.newStatus();
                tensorflow.TF_SetAttrTensor(description, attribute, value, status);
                status.throwExceptionIfNotOK();
            }
            return this;
        }

        /** Adds the operation; throws what TensorFlow says when operands or attributes do not fit. */
        List<Symbol> finish() {
            try (PointerScope scope = new PointerScope()) {
                TF_Status status = TF_Status.newStatus();
                TF_Operation operation = tensorflow.TF_FinishOperation(description, status);
                status.throwExceptionIfNotOK();
                List<Symbol> results = new ArrayList<>();
                for (int i = 0; i < tensorflow.TF_OperationNumOutputs(operation); i++) {
                    results.add(symbol(operation, i));
                }
                return results;
            }
        }

        /** The only result of the operation. */
        Symbol result() {
            return finish().get(0);
        }

        /** The only result of the operation, whose shape TensorFlow need not know, since it is that of another symbol. */
        Symbol resultLike(Symbol other) {
            try (PointerScope scope = new PointerScope()) {
                TF_Status status = TF_Status.newStatus();
                TF_Operation operation = tensorflow.TF_FinishOperation(description, status);
                status.throwExceptionIfNotOK();
                return new Symbol(operation, 0, other.type(), other.shape());
            }
        }
    }

    private Symbol symbol(TF_Operation operation, int index) {
        TF_Output output = new TF_Output().oper(operation).index(index);
        TF_Status status = TF_Status.newStatus();
        int rank = tensorflow.TF_GraphGetTensorNumDims(graph, output, status);
        status.throwExceptionIfNotOK();
        if (rank < 0) {
            throw new IllegalArgumentException("the rank of result " + index + " is unknown");
        }
        long[] shape = new long[rank];
        if (rank > 0) {
            tensorflow.TF_GraphGetTensorShape(graph, output, shape, rank, status);
            status.throwExceptionIfNotOK();
        }
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("the shape of result " + index + " is not known");
            }
        }
        return new Symbol(operation, index, TfDataType.fromTf(tensorflow.TF_OperationOutputType(output)), shape);
    }

    private static TF_Output output(Symbol symbol) {
        return new TF_Output().oper(symbol.operation()).index(symbol.index());
    }

    private static TF_Output outputs(List<Symbol> symbols) {
        TF_Output outputs = new TF_Output(symbols.size());
        for (int i = 0; i < symbols.size(); i++) {
            outputs.position(i)
                    .oper(symbols.get(i).operation())
                    .index(symbols.get(i).index());
        }
        return outputs.position(0);
    }

    /**
     * Adds the operations that compute gradients, by the gradient functions of TensorFlow's own library.
     *
     * @param seed the gradient of the loss, a scalar
     * @return the gradient of each symbol; null where the loss does not depend on it
     */
    List<@Nullable Symbol> gradients(Symbol loss, List<Symbol> of, Symbol seed) {
        try (PointerScope scope = new PointerScope()) {
            TF_Status status = TF_Status.newStatus();
            TF_Output gradients = new TF_Output(of.size());
            tensorflow.TF_AddGradientsWithPrefix(
                    graph, "gradients", output(loss), 1, outputs(of), of.size(), output(seed), status, gradients);
            status.throwExceptionIfNotOK();
            List<@Nullable Symbol> symbols = new ArrayList<>();
            for (int i = 0; i < of.size(); i++) {
                TF_Operation operation = gradients.position(i).oper();
                symbols.add(
                        operation == null || operation.isNull()
                                ? null
                                : named(operation, gradients.index(), of.get(i)));
            }
            return symbols;
        }
    }

    /** A result of its own: two gradients may be one tensor, which cannot be fetched twice. */
    private Symbol named(TF_Operation operation, int index, Symbol of) {
        return operation("Identity")
                .input(new Symbol(operation, index, of.type(), of.shape()))
                .resultLike(of);
    }

    /** The node of TensorFlow that a message speaks of, up to the slash of its prefix, or an empty string. */
    static String prefixIn(String message) {
        int at = message.indexOf("{{node ");
        int slash = at < 0 ? -1 : message.indexOf('/', at);
        return slash < 0 ? "" : message.substring(at + "{{node ".length(), slash);
    }

    @Override
    public void close() {
        graph.close();
    }
}

package dev.save4j.pytorch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs the steps of a plan one after the other. Not thread-safe. */
final class Interpreter implements AutoCloseable {
    private final Plan plan;
    private final DeviceMemory memory;
    private final Map<String, TorchValue> constants = new LinkedHashMap<>();

    Interpreter(Plan plan, DeviceMemory memory) {
        this.plan = plan;
        this.memory = memory;
        plan.constants().forEach((name, tensor) -> constants.put(name, constant(tensor)));
    }

    Plan plan() {
        return plan;
    }

    private TorchValue constant(Tensor tensor) {
        if (!tensor.type().isFloating()) {
            return new TorchValue.OnHost(HostTensor.of(tensor));
        }
        OptionalDouble single = tensor.size() == 1 ? OptionalDouble.of(tensor.toFloats()[0]) : OptionalDouble.empty();
        return new TorchValue.OnDevice(memory.upload(tensor), single);
    }

    /** The values of one run. Closing it frees what is left. */
    final class Run implements AutoCloseable {
        private final @Nullable TorchValue[] values = new TorchValue[plan.slotCount()];

        /** A floating output on the device. */
        NDArray array(String output) {
            return ((TorchValue.OnDevice) value(output)).array();
        }

        /** Copies of all outputs. */
        Map<String, Tensor> outputs() {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (ValueInfo output : plan.graph().outputs()) {
                tensors.put(output.name(), download(output));
            }
            return tensors;
        }

        private TorchValue value(String name) {
            TorchValue value = values[plan.slot(name)];
            if (value == null) {
                throw SaveException.internal("value '" + name + "' was freed before its last use");
            }
            return value;
        }

        private Tensor download(ValueInfo output) {
            TorchValue value = value(output.name());
            if (value instanceof TorchValue.OnHost host) {
                return host.tensor().toTensor();
            }
            NDArray array = ((TorchValue.OnDevice) value).array();
            ElementType wanted = output.type().element();
            return memory.download(
                    array,
                    wanted == ElementType.FLOAT || !wanted.isFloating() && wanted != ElementType.BOOL
                            ? memory.floatingElement()
                            : wanted);
        }

        /** Frees every value that belongs to the run, after which the autograd graph holds what it saved. */
        @Override
        public void close() {
            for (Plan.Step step : plan.steps()) {
                free(step.outputs());
            }
            for (ValueInfo input : plan.graph().inputs()) {
                free(plan.slot(input.name()));
            }
        }

        private void free(int... slots) {
            for (int slot : slots) {
                TorchValue value = slot >= 0 ? values[slot] : null;
                if (value != null) {
                    value.close();
                    values[slot] = null;
                }
            }
        }
    }

    /**
     * Runs the graph.
     *
     * @param weights arrays of the parameters by name
     */
    Run run(Map<String, Tensor> inputs, Function<String, NDArray> weights) {
        checkNames(inputs);
        Run run = new Run();
        boolean finished = false;
        try {
            constants.forEach((name, value) -> run.values[plan.slot(name)] = value);
            for (String name : plan.graph().parameters().keySet()) {
                run.values[plan.slot(name)] = new TorchValue.OnDevice(weights.apply(name));
            }
            for (ValueInfo input : plan.graph().inputs()) {
                run.values[plan.slot(input.name())] = upload(input, inputs);
            }
            for (Plan.Step step : plan.steps()) {
                execute(step, run);
            }
            finished = true;
            return run;
        } finally {
            if (!finished) {
                run.close();
            }
        }
    }

    private void execute(Plan.Step step, Run run) {
        Arguments arguments = new Arguments(step.node(), memory, run.values, step.inputs());
        Operator operator = step.operator();
        if (operator == null) {
            List<HostTensor> results = HostArithmetic.evaluate(step.node(), arguments);
            for (int i = 0; i < results.size(); i++) {
                if (step.outputs()[i] >= 0) {
                    run.values[step.outputs()[i]] = new TorchValue.OnHost(results.get(i));
                }
            }
        } else {
            // What a kernel leaves behind is closed with the scope; its results belong to the run.
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                List<TorchValue> results = operator.kernel().apply(arguments);
                for (int i = 0; i < results.size() && i < step.outputs().length; i++) {
                    if (step.outputs()[i] >= 0) {
                        run.values[step.outputs()[i]] =
                                kept(results.get(i), step.types().get(i));
                    }
                }
            } catch (EngineException | IllegalArgumentException | UnsupportedOperationException failure) {
                throw failed(step, arguments, failure);
            }
        }
        run.free(step.dead());
    }

    /** Takes a result out of the scope; integers go to the host, where all of them live. */
    private TorchValue kept(TorchValue result, ElementType type) {
        if (!(result instanceof TorchValue.OnDevice device)) {
            return result;
        }
        if (device.array().getDataType() == DataType.INT64) {
            long[] values = memory.download(device.array(), ElementType.INT64).toLongs();
            return new TorchValue.OnHost(new HostTensor(type, values, device.shape()));
        }
        NDScope.unregister(device.array());
        return device;
    }

    private SaveException failed(Plan.Step step, Arguments arguments, RuntimeException failure) {
        StringBuilder operands = new StringBuilder();
        for (int i = 0; i < arguments.count(); i++) {
            operands.append(operands.isEmpty() ? "" : ", ");
            operands.append('\'').append(step.node().inputs().get(i)).append("' ");
            operands.append(arguments.has(i) ? Arrays.toString(arguments.shape(i)) : "absent");
        }
        String message =
                String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
        return SaveException.engine(
                "engine '" + PyTorchEngine.NAME + "' failed in graph '"
                        + plan.graph().name() + "' at " + step.node().describe() + " of " + operands + ": " + message,
                failure);
    }

    private void checkNames(Map<String, Tensor> inputs) {
        Graph graph = plan.graph();
        for (ValueInfo input : graph.inputs()) {
            if (!inputs.containsKey(input.name())) {
                throw SaveException.user("graph '" + graph.name() + "' needs the input '" + input.name() + "' "
                        + input.type() + "; given are " + inputs.keySet());
            }
        }
        inputs.keySet().forEach(graph::input);
    }

    private TorchValue upload(ValueInfo input, Map<String, Tensor> inputs) {
        Tensor tensor = Objects.requireNonNull(inputs.get(input.name()));
        TensorType type = input.type();
        boolean fits = (!type.isRanked() || tensor.rank() == type.rank())
                && (tensor.type() == type.element()
                        || tensor.type().isFloating() && type.element().isFloating());
        for (int axis = 0; fits && type.isRanked() && axis < type.rank(); axis++) {
            fits = !type.dimension(axis).isFixed() || type.dimension(axis).size() == tensor.dimension(axis);
        }
        if (!fits) {
            throw SaveException.user("input '" + input.name() + "' of graph '"
                    + plan.graph().name() + "' is " + tensor + " but " + type + " was expected");
        }
        return tensor.type().isFloating()
                ? new TorchValue.OnDevice(memory.upload(tensor))
                : new TorchValue.OnHost(HostTensor.of(tensor));
    }

    @Override
    public void close() {
        constants.values().forEach(TorchValue::close);
    }
}

package dev.save4j.tensorflow;

import ai.djl.ndarray.types.DataType;
import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.HostArithmetic;
import dev.save4j.graph.HostTensor;
import dev.save4j.graph.Node;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tensorflow.exceptions.TFResourceExhaustedException;

/**
 * A graph translated for inputs of certain shapes. Weights and long constants are placeholders that are fed in every run, so the graph can be dropped
 * and made again at will. Not thread-safe; closed by its owner.
 */
final class TracedGraph implements AutoCloseable {
    private final Plan plan;
    private final TensorGraph graph = new TensorGraph();
    private final TensorOps ops;
    private final TensorSession session;
    private final Trace trace;
    private final Lender lender;
    private final Map<String, Symbol> lent = new LinkedHashMap<>();
    private final Map<String, TracedValue> values = new HashMap<>();
    private final Map<String, Symbol> gradients = new LinkedHashMap<>();
    private final Map<String, Symbol> fetchable = new HashMap<>();
    private @Nullable Symbol seed;

    /**
     * Traces a run, after which the run is ready for {@link #finish}.
     *
     * @param floating the one floating type of the graph
     */
    TracedGraph(Plan plan, DataType floating, int threads, Run run, Lender lender) {
        this.plan = plan;
        this.lender = lender;
        ops = new TensorOps(graph, floating);
        session = TensorSession.of(graph, threads);
        trace = new Trace(ops, session, run);
        boolean finished = false;
        try {
            graph.prefix("given");
            plan.graph().parameters().keySet().forEach(name -> lend(name, run));
            plan.constants().forEach((name, tensor) -> constant(name, tensor, run));
            plan.graph().inputs().forEach(input -> input(input, run));
            for (int i = 0; i < plan.nodes().size(); i++) {
                graph.prefix("node" + i);
                translate(plan.nodes().get(i));
            }
            finished = true;
        } finally {
            if (!finished) {
                close();
            }
        }
    }

    private void lend(String name, Run run) {
        NativeTensor tensor = lender.get(name);
        Symbol placeholder = ops.placeholder(ops.floating(), tensor.shape());
        lent.put(name, placeholder);
        run.feeds().lend(placeholder, tensor);
        values.put(name, new TracedValue.OnDevice(placeholder));
    }

    private void constant(String name, Tensor tensor, Run run) {
        if (!tensor.type().isFloating()) {
            HostTensor integers = HostTensor.of(tensor);
            values.put(name, trace.host(any -> integers, true, true));
        } else if (Constants.isLong(tensor)) {
            lend(name, run);
        } else {
            OptionalDouble single =
                    tensor.size() == 1 ? OptionalDouble.of(tensor.toFloats()[0]) : OptionalDouble.empty();
            values.put(name, new TracedValue.OnDevice(ops.constant(tensor), single));
        }
    }

    private void input(ValueInfo input, Run run) {
        String name = input.name();
        values.put(
                name,
                input.type().element().isFloating()
                        ? new TracedValue.OnDevice(
                                trace.input(name, run.input(name).shape()))
                        : trace.host(other -> HostTensor.of(other.input(name)), false, true));
    }

    private void translate(Node node) {
        boolean differentiable = Operators.table()
                .rule(node.domain(), node.operator())
                .orElseThrow()
                .differentiable();
        List<@Nullable TracedValue> operands = new ArrayList<>();
        List<ElementType> elements = new ArrayList<>();
        for (String input : node.inputs()) {
            operands.add(input.isEmpty() ? null : values.get(input));
            elements.add(input.isEmpty() ? ElementType.BOOL : plan.type(input));
        }
        Arguments arguments = new Arguments(node, trace, operands, elements, differentiable);
        List<TracedValue> results = runsOnHost(node, arguments)
                ? arguments.arithmetic()
                : kernel(node, arguments).apply(arguments);
        for (int i = 0; i < results.size() && i < node.outputs().size(); i++) {
            if (node.hasOutput(i)) {
                values.put(node.outputs().get(i), results.get(i));
            }
        }
    }

    private Function<Arguments, List<TracedValue>> kernel(Node node, Arguments arguments) {
        Operator operator = Operators.onDevice(node)
                .orElseThrow(() -> arguments.unsupported("the operator works on integers and booleans only"));
        return given -> {
            try {
                return operator.kernel().apply(given);
            } catch (SaveException known) {
                throw known;
            } catch (RuntimeException failure) {
                throw failed(node, given.shapesOfOperands(), failure);
            }
        };
    }

    private boolean runsOnHost(Node node, Arguments arguments) {
        if (!HostArithmetic.supports(node)
                || node.outputs().stream()
                        .anyMatch(
                                output -> !output.isEmpty() && plan.type(output).isFloating())) {
            return false;
        }
        if (node.operator().equals("Shape") || node.operator().equals("Size")) {
            return true;
        }
        boolean allOnHost = true;
        for (int i = 0; i < arguments.count(); i++) {
            if (arguments.has(i)) {
                if (arguments.isFloating(i)) {
                    return false;
                }
                allOnHost &= arguments.isOnHost(i);
            }
        }
        // Booleans that a comparison left in the TensorFlow graph are fetched when integers come of them.
        return allOnHost
                || Operators.onDevice(node).isEmpty()
                || plan.type(node.outputs().get(0)) != ElementType.BOOL;
    }

    /** Feeds the weights and repeats what was done on the host; false when the graph does not fit the run. */
    boolean prepare(Run run) {
        try {
            lent.forEach((name, placeholder) -> run.feeds().lend(placeholder, lender.get(name)));
            return trace.replay(run);
        } catch (SaveException known) {
            throw known;
        } catch (RuntimeException failure) {
            throw failed(failure);
        }
    }

    /** The outputs of a run that was traced or prepared. */
    Map<String, Tensor> finish(Run run) {
        return finish(run, List.of(), (name, gradient) -> {});
    }

    /**
     * The outputs, and the gradient of the loss by every weight that it depends on.
     *
     * @param scale of the gradients
     * @param receiver is given each gradient, which is closed afterwards
     */
    Map<String, Tensor> finish(Run run, double scale, BiConsumer<String, NativeTensor> receiver) {
        Symbol factor = seed == null ? differentiate() : seed;
        run.feeds().give(factor, NativeTensor.scalar(scale, ops.floating()));
        return finish(run, List.copyOf(gradients.keySet()), receiver);
    }

    private Symbol differentiate() {
        graph.prefix("seed");
        Symbol factor = ops.placeholder(ops.floating());
        Symbol loss = ((TracedValue.OnDevice) value(TensorFlowEngine.LOSS)).symbol();
        if (loss.rank() != 0) {
            throw SaveException.user("the loss of graph '" + plan.graph().name() + "' has the shape "
                    + Arrays.toString(loss.shape()) + " but must be a scalar");
        }
        List<String> names = List.copyOf(plan.reached());
        List<Symbol> weights = names.stream().map(lent::get).toList();
        List<@Nullable Symbol> slopes;
        try {
            slopes = graph.gradients(loss, weights, factor);
        } catch (RuntimeException failure) {
            throw failed(failure);
        }
        for (int i = 0; i < names.size(); i++) {
            Symbol slope = slopes.get(i);
            if (slope != null) {
                gradients.put(names.get(i), slope);
            }
        }
        seed = factor;
        return factor;
    }

    private Map<String, Tensor> finish(
            Run run, List<String> differentiated, BiConsumer<String, NativeTensor> receiver) {
        List<ValueInfo> onDevice = plan.graph().outputs().stream()
                .filter(output -> value(output.name()) instanceof TracedValue.OnDevice)
                .toList();
        List<Symbol> fetches = new ArrayList<>();
        onDevice.forEach(output -> fetches.add(output(output.name())));
        differentiated.forEach(name -> fetches.add(Objects.requireNonNull(gradients.get(name))));
        List<NativeTensor> results;
        try {
            results = fetches.isEmpty() ? List.of() : session.run(run.feeds(), fetches);
        } catch (RuntimeException failure) {
            throw failed(failure);
        }
        try {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            for (ValueInfo output : plan.graph().outputs()) {
                outputs.put(
                        output.name(),
                        value(output.name()) instanceof TracedValue.OnHost host
                                ? run.get(host.slot()).toTensor()
                                : download(output, results.get(onDevice.indexOf(output))));
            }
            for (int i = 0; i < differentiated.size(); i++) {
                receiver.accept(differentiated.get(i), results.get(onDevice.size() + i));
            }
            return outputs;
        } finally {
            results.forEach(NativeTensor::close);
        }
    }

    private TracedValue value(String name) {
        TracedValue value = values.get(name);
        if (value == null) {
            throw SaveException.internal("value '" + name + "' was not computed");
        }
        return value;
    }

    /** A result of its own, since nothing can be fetched twice. */
    private Symbol output(String name) {
        return fetchable.computeIfAbsent(name, key -> ops.identity(((TracedValue.OnDevice) value(key)).symbol()));
    }

    private Tensor download(ValueInfo output, NativeTensor result) {
        Symbol symbol = output(output.name());
        ElementType wanted = output.type().element();
        if (symbol.isFloating()) {
            ElementType held = ops.floating() == DataType.FLOAT64 ? ElementType.DOUBLE : ElementType.FLOAT;
            return result.download(wanted == ElementType.DOUBLE ? wanted : held);
        }
        ElementType held = NativeTensor.elementType(symbol.type());
        Tensor tensor = result.download(held);
        return held == wanted ? tensor : new HostTensor(wanted, tensor.toLongs(), tensor.shape()).toTensor();
    }

    private SaveException failed(Node node, List<String> shapes, RuntimeException failure) {
        StringBuilder operands = new StringBuilder();
        for (int i = 0; i < shapes.size(); i++) {
            operands.append(operands.isEmpty() ? "" : ", ");
            operands.append('\'').append(node.inputs().get(i)).append("' ").append(shapes.get(i));
        }
        return failed(" at " + node.describe() + " of " + operands, failure);
    }

    /** A failure while running, whose message names the operation of TensorFlow. */
    private SaveException failed(RuntimeException failure) {
        String prefix = TensorGraph.prefixIn(String.valueOf(failure.getMessage()));
        return failed(
                prefix.matches("node\\d+")
                        ? " at "
                                + plan.nodes()
                                        .get(Integer.parseInt(prefix.substring("node".length())))
                                        .describe()
                        : "",
                failure);
    }

    private SaveException failed(String where, RuntimeException failure) {
        String message =
                String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
        Graph failing = plan.graph();
        String text = "engine '" + TensorFlowEngine.NAME + "' failed in graph '" + failing.name() + "'" + where + ": "
                + message;
        return failure instanceof TFResourceExhaustedException
                ? SaveException.resources(text + "; use smaller batches or shorter sequences", failure)
                : SaveException.engine(text, failure);
    }

    @Override
    public void close() {
        session.close();
    }
}

package dev.save4j.onnxruntime.gradient;

import dev.save4j.SaveException;
import dev.save4j.engine.GradientPath;
import dev.save4j.engine.Problem;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Reverse-mode differentiation of a graph. Behind the nodes of the graph come those that compute, from the loss back to the weights, the derivative of
 * the loss by each value between them (Griewank and Walther, Evaluating Derivatives, algorithm 3.2). What a value contributes along several ways is
 * added up; nothing is written for values from which no weight can be reached. Sizes need not be known: the graph serves batches of any shape.
 */
public final class Backpropagation {
    private final String engine;
    private final Graph graph;
    private final String loss;
    private final Types types;
    private final GradientPath path;
    private final List<Region> regions;

    /**
     * Prepares a graph.
     *
     * @param engine for messages
     * @param loss name of a scalar floating output
     * @param trained which weights are trained; others get no derivative
     * @param recomputes whether blocks of the graph keep none of their values for the gradient and compute them again, see {@link Regions}
     * @throws SaveException a USER error naming the node when an operator without a gradient lies between a trained weight and the loss
     */
    public Backpropagation(String engine, Graph declared, String loss, Predicate<String> trained, boolean recomputes) {
        this.engine = engine;
        this.loss = loss;
        Types declaredTypes = new Types(declared);
        GradientPath declaredPath = path(declared, declaredTypes, loss, trained);
        Problem.refuse(engine, declared, problems(declaredPath));
        graph = named(declared, () -> Decomposition.of(declared, declaredTypes, new HashSet<>(declaredPath.nodes())));
        types = graph == declared ? declaredTypes : new Types(graph);
        path = graph == declared ? declaredPath : path(graph, types, loss, trained);
        Problem.refuse(engine, graph, problems(path));
        regions = recomputes ? Regions.of(graph, path) : List.of();
    }

    private static GradientPath path(Graph graph, Types types, String loss, Predicate<String> trained) {
        return GradientPath.of(graph, value -> types.of(value).element().isFloating(), loss, trained);
    }

    /** The nodes without a gradient. */
    public static List<Problem> problems(GradientPath path) {
        return path.nodes().stream()
                .map(Backpropagation::problem)
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<Problem> problem(Node node) {
        Optional<GradientRule> rule = GradientRules.of(node);
        if (rule.isEmpty() && !Decomposition.operators().contains(node.qualifiedOperator())) {
            return Optional.of(Problem.withoutGradient(node));
        }
        String objection = rule.map(found -> found.objection(node)).orElseGet(() -> Decomposition.objection(node));
        return objection.isEmpty() ? Optional.empty() : Optional.of(new Problem(node, objection));
    }

    private SaveException refused(Graph in, String why) {
        return SaveException.user("engine '" + engine + "' cannot open graph '" + in.name() + "': " + why);
    }

    /** Names engine and graph in what a rule refuses. */
    private <T> T named(Graph in, java.util.function.Supplier<T> work) {
        try {
            return work.get();
        } catch (SaveException failure) {
            if (failure.kind() == SaveException.Kind.USER) {
                throw refused(in, failure.getMessage());
            }
            throw failure;
        }
    }

    /** Operators through which gradients flow, as {@code domain::Operator}. */
    public static Set<String> operators() {
        Set<String> all = new LinkedHashSet<>(GradientRules.operators());
        all.addAll(Decomposition.operators());
        all.add(Node.SAVE4J + "::StopGradient");
        return all;
    }

    /** Trained weights the loss depends on, in the order of the graph. */
    public Set<String> weights() {
        return path.weights();
    }

    /**
     * Writes the graph of the gradients.
     *
     * @param parallel whether operators will run on several threads; results are the same, but some sums must be written in another way then
     * @param accumulates whether derivatives are added to inputs
     */
    public GradientGraph gradients(boolean parallel, boolean accumulates) {
        return named(graph, () -> write(parallel, accumulates));
    }

    private GradientGraph write(boolean parallel, boolean accumulates) {
        Emitter emitter = new Emitter(graph, "gradient");
        Map<String, Slope> slopes = new HashMap<>();
        Term scale = new Term(emitter, emitter.fresh("scale"), ElementType.FLOAT);
        slopes.computeIfAbsent(loss, key -> new Slope()).add(seed(emitter, scale));
        Recomputation recomputation = new Recomputation(types, path.values(), scale, parallel);
        Map<Node, Node> extended = recomputation.backward(path.nodes(), regions, emitter, slopes);
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        inputs.add(new ValueInfo(scale.name(), TensorType.of(ElementType.FLOAT)));
        List<ValueInfo> outputs = new ArrayList<>(graph.outputs());
        Map<String, String> derivatives = new LinkedHashMap<>();
        Map<String, String> accumulators = new LinkedHashMap<>();
        Set<String> taken = new HashSet<>(Set.of(scale.name()));
        for (String weight : path.weights()) {
            TensorType type = graph.parameters().get(weight);
            Slope slope = slopes.get(weight);
            if (type == null || slope == null) {
                throw SaveException.internal("the derivative by weight '" + weight + "' was not written");
            }
            Term derivative = slope.dense(() -> emitter.full(emitter.vector(type.fixedShape()), type.element(), 0));
            if (accumulates) {
                Term sum = new Term(emitter, emitter.fresh("accumulated"), derivative.element());
                inputs.add(new ValueInfo(sum.name(), type));
                accumulators.put(weight, sum.name());
                derivative = sum.add(derivative);
            } else if (!taken.add(derivative.name())) {
                // Each output is a value of its own.
                derivative = derivative.identity();
            }
            derivatives.put(weight, derivative.name());
            outputs.add(new ValueInfo(derivative.name(), type));
        }
        return new GradientGraph(
                assembled(emitter, extended, inputs, outputs), scale.name(), derivatives, accumulators);
    }

    /** dloss/dloss, times the scale. */
    private Term seed(Emitter emitter, Term scale) {
        ValueType type = types.of(loss);
        Term seed = scale.cast(type.element());
        return type.isRanked() && type.rank() == 0
                ? seed
                : seed.expand(new Term(emitter, loss, type.element()).shape());
    }

    /** The forward nodes with the results that were asked for, and those behind them on which an output depends. */
    private Graph assembled(
            Emitter emitter, Map<Node, Node> extended, List<ValueInfo> inputs, List<ValueInfo> outputs) {
        List<Node> all = new ArrayList<>();
        graph.nodes().forEach(node -> all.add(extended.getOrDefault(node, node)));
        all.addAll(emitter.nodes());
        Set<String> needed = new HashSet<>();
        outputs.forEach(output -> needed.add(output.name()));
        List<Node> kept = needed(all, needed);
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        constants.putAll(emitter.constants());
        constants.keySet().retainAll(needed);
        Map<String, Integer> opsets = new TreeMap<>(graph.opsets());
        kept.forEach(node -> opsets.putIfAbsent(node.domain(), 1));
        return new Graph(graph.name(), opsets, inputs, outputs, kept, constants, graph.parameters(), graph.preserved());
    }

    /**
     * The nodes on which values depend, in order.
     *
     * @param values gets what these nodes read as well
     */
    static List<Node> needed(List<Node> nodes, Set<String> values) {
        Deque<Node> kept = new ArrayDeque<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(values::contains)) {
                kept.addFirst(node);
                values.addAll(node.reads());
            }
        }
        return List.copyOf(kept);
    }
}

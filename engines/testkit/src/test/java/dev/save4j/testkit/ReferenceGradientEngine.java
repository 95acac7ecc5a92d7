package dev.save4j.testkit;

import dev.save4j.SaveException;
import dev.save4j.engine.AdamW;
import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.OperatorRule;
import dev.save4j.engine.OperatorTable;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Differentiates the reference by differences, weight by weight: slow, but an engine that keeps the whole contract. */
final class ReferenceGradientEngine implements GradientEngine {
    /** Steps, and results that are no floating numbers. */
    private static final Set<String> WITHOUT_GRADIENT = Set.of(("And ArgMax ArgMin BitShift BitwiseAnd BitwiseNot"
                    + " BitwiseOr BitwiseXor Ceil Equal EyeLike Floor Greater GreaterOrEqual Hardmax IsInf IsNaN Less"
                    + " ConvInteger DequantizeLinear DynamicQuantizeLinear DynamicQuantizeMatMul If LessOrEqual MatMulInteger"
                    + " MatMulIntegerToFloat MatMulNBits Mod NonZero Not OneHot Or QLinearConv QLinearMatMul QuantizeLinear"
                    + " Round Shape Sign Size Unique Xor")
            .split(" "));

    private static final OperatorTable TABLE = new OperatorTable(ReferenceInterpreter.TABLE.rules().stream()
            .map(rule -> new OperatorRule(
                    rule.domain(),
                    rule.operator(),
                    rule.attributes(),
                    rule.elements(),
                    !WITHOUT_GRADIENT.contains(rule.operator())))
            .toList());

    @Override
    public String name() {
        return ReferenceInterpreter.NAME;
    }

    @Override
    public EngineCapabilities capabilities() {
        return new EngineCapabilities("1", List.of("cpu"), TABLE);
    }

    @Override
    public Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        losses.forEach(this::check);
        return new ReferenceTrainer(weights, optimization);
    }

    private void check(Graph loss) {
        TABLE.check(name(), loss);
        Set<String> moving = new HashSet<>(loss.parameters().keySet());
        for (Node node : loss.nodes()) {
            if (node.inputs().stream().anyMatch(moving::contains)) {
                if (List.of("Ceil", "Floor", "Hardmax", "Round", "Sign").contains(node.operator())) {
                    throw SaveException.user("engine '" + name() + "' cannot open graph '" + loss.name() + "': "
                            + node.describe() + " has no gradient");
                }
                moving.addAll(node.outputs());
            }
        }
    }

    private static final class ReferenceTrainer implements Trainer {
        private final WeightStore weights;
        private final Optimization optimization;
        private final AdamW optimizer;
        private final Map<String, Tensor> gradients = new LinkedHashMap<>();

        ReferenceTrainer(WeightStore weights, Optimization optimization) {
            this.weights = weights;
            this.optimization = optimization;
            this.optimizer = new AdamW(optimization, 1);
        }

        private Map<String, Numbers> point(Graph graph, Map<String, Tensor> inputs) {
            Map<String, Numbers> point = new LinkedHashMap<>();
            inputs.forEach((name, tensor) -> point.put(name, Numbers.of(tensor)));
            graph.parameters().keySet().forEach(name -> point.put(name, Numbers.of(weights.get(name))));
            return point;
        }

        @Override
        public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
            Map<String, Numbers> point = point(loss, inputs);
            Map<String, Numbers> values = ReferenceInterpreter.run(loss, point);
            List<Node> moving = loss.nodes().stream()
                    .filter(node -> !node.operator().equals("StopGradient"))
                    .toList();
            Map<String, Numbers> stopped = new LinkedHashMap<>(point);
            loss.nodes().stream()
                    .filter(node -> node.operator().equals("StopGradient"))
                    .map(node -> node.outputs().get(0))
                    .forEach(output -> stopped.put(output, Objects.requireNonNull(values.get(output))));
            Graph open = new Graph(
                    loss.name(),
                    loss.opsets(),
                    loss.inputs(),
                    loss.outputs(),
                    moving,
                    loss.constants(),
                    loss.parameters(),
                    loss.preserved());
            NumericGradient numeric = new NumericGradient(open, stopped);
            for (String weight : reached(open)) {
                add(weight, numeric, scale);
            }
            return evaluate(loss, inputs);
        }

        /** The trained weights on which the loss depends. */
        private Set<String> reached(Graph graph) {
            Set<String> needed = new HashSet<>(Set.of(Losses.NAME));
            for (int i = graph.nodes().size() - 1; i >= 0; i--) {
                Node node = graph.nodes().get(i);
                if (node.outputs().stream().anyMatch(needed::contains)) {
                    needed.addAll(node.inputs());
                }
            }
            Set<String> reached =
                    new java.util.LinkedHashSet<>(graph.parameters().keySet());
            reached.retainAll(needed);
            reached.removeIf(name -> optimization.groupOf(name).learningRateScale() == 0);
            return reached;
        }

        private void add(String weight, NumericGradient numeric, double scale) {
            Tensor tensor = weights.get(weight);
            Tensor sum = gradients.computeIfAbsent(weight, key -> Tensor.allocate(ElementType.FLOAT, tensor.shape()));
            for (int i = 0; i < tensor.size(); i++) {
                double[] unit = new double[tensor.size()];
                unit[i] = 1;
                double slope = Double.isFinite(numeric.loss()) ? numeric.along(Map.of(weight, unit)) : Double.NaN;
                // Differences leave dust in the last digits, which the tests on exact gradients must not see.
                double rounded = Math.rint(slope * 1e9) / 1e9;
                sum.floats().put(i, (float) (sum.floats().get(i) + scale * rounded));
            }
        }

        @Override
        public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            ReferenceInterpreter.outputs(loss, point(loss, inputs))
                    .forEach((name, value) -> outputs.put(name, value.toTensor()));
            return outputs;
        }

        @Override
        public double step(double learningRate) {
            double norm = optimizer.step(weights, gradients, learningRate);
            gradients.clear();
            return norm;
        }

        @Override
        public Map<String, Tensor> gradients() {
            Map<String, Tensor> copies = new LinkedHashMap<>();
            gradients.forEach((name, tensor) -> copies.put(name, tensor.copy()));
            return copies;
        }

        @Override
        public OptimizerState state() {
            return optimizer.state();
        }

        @Override
        public void restore(OptimizerState state) {
            if (state.moments().isEmpty()) {
                throw SaveException.user("the optimizer's state is empty");
            }
            optimizer.restore(state, weights);
        }

        @Override
        public void close() {}
    }
}

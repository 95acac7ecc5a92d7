package dev.save4j.testkit;

import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.OperatorTable;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An engine of any kind, seen as something that runs graphs forward. */
public interface ForwardEngine {
    String name();

    OperatorTable operators();

    /** Opens a graph; whatever the engine does not accept must be refused here. */
    Session open(Graph graph, WeightStore weights);

    /** An open graph. */
    interface Session extends AutoCloseable {
        /** Every output of the graph by name. */
        Map<String, Tensor> run(Map<String, Tensor> inputs);

        @Override
        void close();
    }

    /** With weights bound as {@link WeightBinding#INPUT}, on one thread. */
    static ForwardEngine of(InferenceEngine engine) {
        return new ForwardEngine() {
            @Override
            public String name() {
                return engine.name();
            }

            @Override
            public OperatorTable operators() {
                return engine.capabilities().operators();
            }

            @Override
            public Session open(Graph graph, WeightStore weights) {
                InferenceSession session =
                        engine.open(graph, weights, WeightBinding.INPUT, EngineSettings.singleThreaded());
                return new Session() {
                    @Override
                    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
                        return session.run(inputs);
                    }

                    @Override
                    public void close() {
                        session.close();
                    }
                };
            }
        };
    }

    /** By {@link Trainer#evaluate}; graphs get a constant loss, from which nothing follows. */
    static ForwardEngine of(GradientEngine engine) {
        return new ForwardEngine() {
            @Override
            public String name() {
                return engine.name();
            }

            @Override
            public OperatorTable operators() {
                return engine.capabilities().operators();
            }

            @Override
            public Session open(Graph graph, WeightStore weights) {
                Graph loss = Losses.constant(graph);
                Trainer trainer =
                        engine.open(weights, List.of(loss), Optimization.DEFAULT, EngineSettings.singleThreaded());
                return new Session() {
                    @Override
                    public Map<String, Tensor> run(Map<String, Tensor> inputs) {
                        Map<String, Tensor> outputs = new LinkedHashMap<>(trainer.evaluate(loss, inputs));
                        outputs.remove(Losses.NAME);
                        return outputs;
                    }

                    @Override
                    public void close() {
                        trainer.close();
                    }
                };
            }
        };
    }
}

package dev.save4j.testkit;

import dev.save4j.engine.EngineCapabilities;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.OptimizerState;
import dev.save4j.engine.Trainer;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Map;

/** An engine whose gradients are wrong by a factor; the factor 0 leaves them out. */
record ScaledGradients(GradientEngine engine, double factor) implements GradientEngine {
    @Override
    public String name() {
        return engine.name();
    }

    @Override
    public EngineCapabilities capabilities() {
        return engine.capabilities();
    }

    @Override
    public Trainer open(WeightStore weights, List<Graph> losses, Optimization optimization, EngineSettings settings) {
        Trainer trainer = engine.open(weights, losses, optimization, settings);
        return new Trainer() {
            @Override
            public Map<String, Tensor> accumulate(Graph loss, Map<String, Tensor> inputs, double scale) {
                return trainer.accumulate(loss, inputs, scale * factor);
            }

            @Override
            public Map<String, Tensor> evaluate(Graph loss, Map<String, Tensor> inputs) {
                return trainer.evaluate(loss, inputs);
            }

            @Override
            public double step(double learningRate) {
                return trainer.step(learningRate);
            }

            @Override
            public Map<String, Tensor> gradients() {
                return factor == 0 ? Map.of() : trainer.gradients();
            }

            @Override
            public OptimizerState state() {
                return trainer.state();
            }

            @Override
            public void restore(OptimizerState state) {
                trainer.restore(state);
            }

            @Override
            public void close() {
                trainer.close();
            }
        };
    }
}

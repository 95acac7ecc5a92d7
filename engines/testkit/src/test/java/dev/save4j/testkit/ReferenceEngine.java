package dev.save4j.testkit;

import dev.save4j.engine.OperatorTable;
import dev.save4j.graph.Graph;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.util.LinkedHashMap;
import java.util.Map;

/** The reference as an engine, so that the kit can be tried on it. */
final class ReferenceEngine implements ForwardEngine {
    @Override
    public String name() {
        return ReferenceInterpreter.NAME;
    }

    @Override
    public OperatorTable operators() {
        return ReferenceInterpreter.TABLE;
    }

    @Override
    public Session open(Graph graph, WeightStore weights) {
        operators().check(name(), graph);
        return new Session() {
            @Override
            public Map<String, Tensor> run(Map<String, Tensor> inputs) {
                Map<String, Numbers> given = new LinkedHashMap<>();
                graph.parameters().keySet().forEach(name -> given.put(name, Numbers.of(weights.get(name))));
                inputs.forEach((name, tensor) -> given.put(name, Numbers.of(tensor)));
                Map<String, Tensor> outputs = new LinkedHashMap<>();
                ReferenceInterpreter.outputs(graph, given)
                        .forEach((name, value) -> outputs.put(name, value.toTensor()));
                return outputs;
            }

            @Override
            public void close() {}
        };
    }
}

package dev.save4j.onnxruntime;

import dev.save4j.SaveException;
import dev.save4j.engine.Names;
import dev.save4j.graph.Dimension;
import dev.save4j.graph.Graph;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** Checks what is fed to a graph before native code sees it. */
final class Inputs {
    private Inputs() {}

    /** A USER error tells which input is missing, not one of the graph's, or of another type than the graph declares. */
    static void check(Graph graph, Map<String, Tensor> inputs) {
        for (ValueInfo input : graph.inputs()) {
            Tensor given = inputs.get(input.name());
            if (given == null) {
                throw SaveException.user("graph '" + graph.name() + "': input '" + input.name() + "' " + input.type()
                        + " is missing; given were "
                        + inputs.keySet().stream().sorted().toList());
            }
            if (!fits(given, input.type())) {
                throw SaveException.user("graph '" + graph.name() + "': input '" + input.name() + "' is declared as "
                        + input.type() + " but is given " + given);
            }
        }
        if (inputs.size() > graph.inputs().size()) {
            List<String> known = graph.inputs().stream().map(ValueInfo::name).toList();
            String unknown = inputs.keySet().stream()
                    .filter(name -> !known.contains(name))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
            throw SaveException.user("graph '" + graph.name() + "' has no input '" + unknown + "'; it has " + known
                    + Names.nearest(unknown, known)
                            .map(near -> ". Did you mean '" + near + "'?")
                            .orElse(""));
        }
    }

    private static boolean fits(Tensor given, TensorType declared) {
        if (given.type() != declared.element() || given.rank() != declared.rank()) {
            return false;
        }
        for (int axis = 0; axis < given.rank(); axis++) {
            if (!declared.dimension(axis).fits(Dimension.of(given.dimension(axis)))) {
                return false;
            }
        }
        return true;
    }
}

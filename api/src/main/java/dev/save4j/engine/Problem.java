package dev.save4j.engine;

import dev.save4j.SaveException;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Why an engine refuses a node.
 *
 * @param reason the same for all nodes of the operator that are refused for it
 */
public record Problem(Node node, String reason) {
    /** Of a node between a trained weight and the loss. */
    public static Problem withoutGradient(Node node) {
        return new Problem(
                node,
                "the operator has no gradient, but lies between a trained weight and the loss;"
                        + " put StopGradient before it if none should flow");
    }

    /** A line for each operator and reason: the first node, the reason, and how many more nodes there are. */
    public static List<String> summary(List<Problem> problems) {
        Map<String, List<Problem>> alike = new LinkedHashMap<>();
        for (Problem problem : problems) {
            alike.computeIfAbsent(problem.node.qualifiedOperator() + ": " + problem.reason, key -> new ArrayList<>())
                    .add(problem);
        }
        return alike.values().stream()
                .map(all -> all.get(0).node.describe() + ": " + all.get(0).reason
                        + (all.size() == 1 ? "" : " (and " + (all.size() - 1) + " more)"))
                .toList();
    }

    /** Does nothing when there are no problems; otherwise throws a USER error that names all of them, engine and graph. */
    public static void refuse(String engine, Graph graph, List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw SaveException.user(
                    "engine '" + engine + "' cannot open graph '" + graph.name() + "':\n  - "
                            + String.join("\n  - ", summary(problems))
                            + "\nUse another engine, or export the model with operators that `save4j engines` lists for this one.");
        }
    }
}

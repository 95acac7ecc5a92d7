package dev.save4j.tensorflow;

import dev.save4j.graph.Node;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Which results of integer arithmetic have shapes that do not depend on the integers themselves. */
final class HostShapes {
    /** The first operand is rearranged as the others say. */
    private static final Set<String> ARRANGED =
            Set.of("Expand", "Reshape", "Tile", "Slice", "Unsqueeze", "Squeeze", "Split");

    private static final Set<String> MADE = Set.of("NonZero", "Range", "ConstantOfShape");

    private HostShapes() {}

    /**
     * @param fixed whether an operand is there and the same in every run
     * @return whether the shapes of the results follow from the shapes of the operands
     */
    static boolean areFixed(Node node, IntPredicate fixed) {
        if (MADE.contains(node.operator())) {
            return false;
        }
        return !ARRANGED.contains(node.operator())
                || IntStream.range(1, node.inputs().size())
                        .filter(node::hasInput)
                        .allMatch(fixed);
    }
}

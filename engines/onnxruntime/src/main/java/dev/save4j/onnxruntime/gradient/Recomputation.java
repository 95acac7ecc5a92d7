package dev.save4j.onnxruntime.gradient;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.Preserved;
import dev.save4j.graph.TensorType;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes derivatives, and the nodes of regions once more where their derivatives are. Each region becomes the body of an {@code If} whose condition
 * always holds: the library runs the nodes of a graph in an order of its own, but a body as a whole, when the derivative by its result is there.
 * What a region adds to the derivative by a weight is added within the body, so that one such sum exists at a time.
 */
final class Recomputation {
    private final Types types;
    private final Set<String> wanted;
    private final Term scale;
    private final boolean parallel;

    /**
     * @param wanted values by which derivatives are needed
     * @param scale a scalar input of the graph
     */
    Recomputation(Types types, Set<String> wanted, Term scale, boolean parallel) {
        this.types = types;
        this.wanted = new HashSet<>(wanted);
        this.scale = scale;
        this.parallel = parallel;
    }

    /**
     * Goes from the last node to the first.
     *
     * @param slopes holds the derivatives by results, and gets those by operands
     * @return nodes of which more results are needed, with these
     */
    Map<Node, Node> backward(List<Node> nodes, List<Region> regions, Emitter emitter, Map<String, Slope> slopes) {
        Map<Node, Region> pending = new HashMap<>();
        regions.forEach(region -> region.nodes().forEach(node -> pending.put(node, region)));
        Set<Region> done = new HashSet<>();
        Map<Node, Node> extended = new HashMap<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            Region region = pending.get(node);
            if (region != null) {
                if (done.add(region)) {
                    recompute(region, emitter, slopes);
                }
            } else if (node.outputs().stream().anyMatch(slopes::containsKey)) {
                emitter.scope(node);
                Step step = new Step(node, emitter, types, wanted::contains, slopes, parallel);
                GradientRules.of(node).orElseThrow().apply(step);
                extended.put(node, step.extended());
            }
        }
        return extended;
    }

    private void recompute(Region region, Emitter outer, Map<String, Slope> outerSlopes) {
        Emitter body = outer.body();
        Map<String, Slope> slopes = new LinkedHashMap<>();
        for (Node node : region.nodes()) {
            for (String result : node.outputs()) {
                Slope slope = region.results().contains(result) ? outerSlopes.get(result) : null;
                if (slope != null) {
                    slopes.computeIfAbsent(result, key -> new Slope()).add(body.here(dense(slope, result, outer)));
                }
            }
        }
        if (slopes.isEmpty()) {
            return;
        }
        Set<String> results = Set.copyOf(slopes.keySet());
        Region again = copy(region, outer);
        List<Node> carrying = again.nodes().stream()
                .filter(node -> node.outputs().stream().anyMatch(wanted::contains))
                .toList();
        Map<Node, Node> extended = backward(carrying, again.parts(), body, slopes);

        Set<String> defined = new HashSet<>();
        again.nodes().forEach(node -> defined.addAll(node.outputs()));
        Map<String, Term> sums = new LinkedHashMap<>();
        slopes.forEach((value, slope) -> {
            if (!defined.contains(value) && !results.contains(value)) {
                Slope others = outerSlopes.get(value);
                if (others != null) {
                    slope.add(body.here(dense(others, value, outer)));
                }
                sums.put(value, dense(slope, value, body));
            }
        });
        distinguish(sums, body);
        List<Node> nodes = new ArrayList<>();
        again.nodes().forEach(node -> nodes.add(withoutResults(extended.getOrDefault(node, node), region, body)));
        nodes.addAll(body.nodes());
        List<Term> written = branches(outer, nodes, List.copyOf(sums.values()));
        int next = 0;
        for (String value : sums.keySet()) {
            Slope slope = new Slope();
            slope.add(written.get(next++));
            outerSlopes.put(value, slope);
        }
    }

    /** Lets each sum be the result of a node of its own in the body, as its outputs must be. */
    private static void distinguish(Map<String, Term> sums, Emitter body) {
        Set<String> free = new HashSet<>();
        body.nodes().forEach(node -> free.addAll(node.outputs()));
        sums.replaceAll((value, sum) -> free.remove(sum.name()) ? sum : sum.identity());
    }

    private Term dense(Slope slope, String value, Emitter emitter) {
        return slope.dense(() -> {
            ValueType type = types.of(value);
            Term shape = type.fixed()
                    .map(emitter::vector)
                    .orElseGet(() -> emitter.shapeOf(new Term(emitter, value, type.element())));
            return emitter.full(shape, type.element(), 0);
        });
    }

    /** The region with new names for what it alone reads. Its results are there already. */
    private Region copy(Region region, Emitter emitter) {
        Map<String, String> names = new HashMap<>();
        for (String value : region.inner()) {
            String name = emitter.fresh("again");
            names.put(value, name);
            types.again(value, name);
            if (wanted.contains(value)) {
                wanted.add(name);
            }
        }
        return region.renamed(value -> names.getOrDefault(value, value));
    }

    /** A node of which something else than its results is needed; these are outside and must not be hidden. */
    private static Node withoutResults(Node node, Region region, Emitter emitter) {
        List<String> outputs = node.outputs().stream()
                .map(output -> region.results().contains(output) ? emitter.fresh("known") : output)
                .toList();
        return new Node(node.name(), node.domain(), node.operator(), node.inputs(), outputs, node.attributes());
    }

    /** The conditional node; its results have the order of the terms. */
    private List<Term> branches(Emitter outer, List<Node> nodes, List<Term> sums) {
        List<ElementType> elements = sums.stream().map(Term::element).toList();
        Set<String> needed = new HashSet<>();
        sums.forEach(sum -> needed.add(sum.name()));
        Emitter other = outer.body();
        List<Term> nothing = elements.stream()
                .map(element -> other.full(other.vector(0), element, 0))
                .toList();
        return outer.node(
                "",
                "If",
                Map.of(
                        "then_branch",
                        new Attribute.Body(body("recomputed", Backpropagation.needed(nodes, needed), sums)),
                        "else_branch",
                        new Attribute.Body(body("nothing", other.nodes(), nothing))),
                List.of(condition(outer)),
                elements);
    }

    private static Graph body(String name, List<Node> nodes, List<Term> results) {
        List<ValueInfo> outputs = results.stream()
                .map(result -> new ValueInfo(result.name(), TensorType.unranked(result.element())))
                .toList();
        return new Graph(name, Map.of(), List.of(), outputs, nodes, Map.of(), Map.of(), Preserved.NOTHING);
    }

    /** True, which the library cannot know: the body of a condition it knows would become part of the graph. */
    private Term condition(Emitter emitter) {
        return emitter.once("condition", () -> emitter.here(scale).count().cast(ElementType.BOOL));
    }
}

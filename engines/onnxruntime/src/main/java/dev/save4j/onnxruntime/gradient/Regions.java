package dev.save4j.onnxruntime.gradient;

import dev.save4j.engine.GradientPath;
import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.graph.ValueInfo;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds what is worth computing again, in a graph from any source, by its form alone. A block lies between two values through which, each alone, all
 * that carries a gradient has to pass, as the residual stream of a transformer does (Chen et al., Training Deep Nets with Sublinear Memory Cost,
 * arXiv 1604.06174). A part of a block is an operand of a concatenation that is computed for that operand alone, such as the attention of some of the
 * queries, or the log-probabilities of some of the tokens.
 */
final class Regions {
    /** What takes time; pieces without it stay as they are. */
    private static final Set<String> PRODUCTS =
            Set.of("MatMul", "Gemm", "Einsum", "Conv", "com.microsoft::FusedMatMul");

    private final List<Node> nodes;
    private final GradientPath path;
    /** Places of the nodes on the path. */
    private final BitSet carrying = new BitSet();

    private final Map<String, Integer> producers = new HashMap<>();
    private final Map<String, BitSet> readers = new HashMap<>();
    private final Set<String> outputs = new HashSet<>();

    private Regions(Graph graph, GradientPath path) {
        this.nodes = graph.nodes();
        this.path = path;
        Set<Node> onPath = new HashSet<>(path.nodes());
        for (int i = 0; i < nodes.size(); i++) {
            int place = i;
            Node node = nodes.get(i);
            carrying.set(i, onPath.contains(node));
            node.reads()
                    .forEach(value ->
                            readers.computeIfAbsent(value, key -> new BitSet()).set(place));
            node.outputs().forEach(value -> producers.put(value, place));
        }
        graph.outputs().stream().map(ValueInfo::name).forEach(outputs::add);
    }

    /** In the order of the graph. */
    static List<Region> of(Graph graph, GradientPath path) {
        return new Regions(graph, path).find();
    }

    private List<Region> find() {
        List<Region> found = new ArrayList<>();
        List<Integer> cuts = cuts();
        int from = 0;
        for (int cut : cuts) {
            BitSet block = carrying.get(0, cut + 1);
            block.clear(0, from);
            if (products(block) > 0) {
                found.addAll(block(block));
                from = cut + 1;
            }
        }
        BitSet rest = (BitSet) carrying.clone();
        rest.clear(0, from);
        // What lies before the loss would be computed again as soon as it is computed; its parts would not.
        found.addAll(parts(rest));
        return found;
    }

    /** Places behind which one value is all that carries a gradient. */
    private List<Integer> cuts() {
        int[] change = new int[nodes.size() + 1];
        for (int place = carrying.nextSetBit(0); place >= 0; place = carrying.nextSetBit(place + 1)) {
            for (String value : nodes.get(place).outputs()) {
                if (path.values().contains(value)) {
                    BitSet reading = readersOnPath(value);
                    change[place]++;
                    change[Math.max(place, reading.length() - 1)]--;
                }
            }
        }
        List<Integer> cuts = new ArrayList<>();
        int crossing = 0;
        for (int place = 0; place < nodes.size(); place++) {
            crossing += change[place];
            if (carrying.get(place) && crossing == 1) {
                cuts.add(place);
            }
        }
        return cuts;
    }

    private BitSet readersOnPath(String value) {
        BitSet reading = (BitSet) readers.getOrDefault(value, new BitSet()).clone();
        reading.and(carrying);
        return reading;
    }

    /** The block, or only its parts when all of its products are in them. */
    private List<Region> block(BitSet block) {
        List<Region> parts = parts(block);
        int within = parts.stream().mapToInt(part -> products(part.nodes())).sum();
        return products(block) > within ? List.of(region(block, parts)) : parts;
    }

    private List<Region> parts(BitSet block) {
        List<Region> parts = new ArrayList<>();
        BitSet taken = new BitSet();
        for (int place = block.length() - 1; place >= 0; place--) {
            Node node = nodes.get(place);
            if (block.get(place) && !taken.get(place) && node.operator().equals("Concat")) {
                for (String operand : new LinkedHashSet<>(node.inputs())) {
                    BitSet part = computedFor(operand, place, block);
                    if (node.inputs().size() > 1 && products(part) > 0) {
                        parts.add(region(part, List.of()));
                        taken.or(part);
                    }
                }
            }
        }
        return parts;
    }

    /** The nodes of a block whose results reach no other node than one, and that through one operand. */
    private BitSet computedFor(String operand, int reader, BitSet block) {
        BitSet part = new BitSet();
        Integer last = producers.get(operand);
        if (last == null || !readers.getOrDefault(operand, new BitSet()).equals(only(reader))) {
            return part;
        }
        for (int place = last; place >= 0; place--) {
            if (block.get(place) && (place == last || readOnlyBy(place, part))) {
                part.set(place);
            }
        }
        return part;
    }

    private static BitSet only(int place) {
        BitSet one = new BitSet();
        one.set(place);
        return one;
    }

    private boolean readOnlyBy(int place, BitSet others) {
        boolean read = false;
        for (String value : nodes.get(place).outputs()) {
            BitSet outside = (BitSet) readers.getOrDefault(value, new BitSet()).clone();
            read |= !outside.isEmpty();
            outside.andNot(others);
            if (!outside.isEmpty() || outputs.contains(value)) {
                return false;
            }
        }
        return read;
    }

    /** With the nodes off the path that serve these nodes alone. */
    private Region region(BitSet carriers, List<Region> parts) {
        BitSet all = (BitSet) carriers.clone();
        for (int place = all.length() - 1; place >= 0; place--) {
            if (!carrying.get(place) && !hasBody(nodes.get(place)) && readOnlyBy(place, all)) {
                all.set(place);
            }
        }
        List<Node> chosen = all.stream().mapToObj(nodes::get).toList();
        Set<String> results = new HashSet<>();
        for (Node node : chosen) {
            for (String value : node.outputs()) {
                BitSet outside =
                        (BitSet) readers.getOrDefault(value, new BitSet()).clone();
                outside.andNot(all);
                if (!value.isEmpty() && (!outside.isEmpty() || outputs.contains(value))) {
                    results.add(value);
                }
            }
        }
        return new Region(chosen, results, parts);
    }

    private static boolean hasBody(Node node) {
        return node.attributes().values().stream().anyMatch(Attribute.Body.class::isInstance);
    }

    private int products(BitSet places) {
        return products(places.stream().mapToObj(nodes::get).toList());
    }

    private static int products(List<Node> among) {
        return (int) among.stream()
                .filter(node -> PRODUCTS.contains(node.qualifiedOperator()))
                .count();
    }
}

package dev.save4j.testkit.reference;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** Choices and loops. */
final class ControlReference {
    private ControlReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.several("If", ControlReference::choose, "then_branch", "else_branch"),
                ReferenceOperator.several("Loop", ControlReference::loop, "body"),
                ReferenceOperator.several(
                        "Scan",
                        ControlReference::scan,
                        "body",
                        "num_scan_inputs",
                        "scan_input_axes",
                        "scan_input_directions",
                        "scan_output_axes",
                        "scan_output_directions"));
    }

    private static Graph body(Operands in, String attribute) {
        if (in.node().attributes().get(attribute) instanceof Attribute.Body body) {
            return body.value();
        }
        throw in.unsupported("it has no " + attribute);
    }

    private static List<Numbers> run(Operands in, Graph body, List<Numbers> inputs) {
        Map<String, Numbers> given = new LinkedHashMap<>();
        for (int i = 0; i < body.inputs().size(); i++) {
            given.put(body.inputs().get(i).name(), inputs.get(i));
        }
        Map<String, Numbers> values = in.runBody(body, given);
        return body.outputs().stream()
                .map(output -> Objects.requireNonNull(values.get(output.name())))
                .toList();
    }

    private static List<Numbers> choose(Operands in) {
        return run(in, body(in, in.get(0).item() != 0 ? "then_branch" : "else_branch"), List.of());
    }

    private static List<Numbers> loop(Operands in) {
        Graph body = body(in, "body");
        long limit = in.has(0) ? (long) in.get(0).item() : Long.MAX_VALUE;
        boolean running = !in.has(1) || in.get(1).item() != 0;
        List<Numbers> carried = new ArrayList<>();
        for (int i = 2; i < in.count(); i++) {
            carried.add(in.get(i));
        }
        List<List<Numbers>> collected = new ArrayList<>();
        for (long turn = 0; turn < limit && running; turn++) {
            List<Numbers> inputs = new ArrayList<>();
            inputs.add(Numbers.scalar(turn));
            inputs.add(Numbers.of(new boolean[] {running}));
            inputs.addAll(carried);
            List<Numbers> results = run(in, body, inputs);
            running = results.get(0).item() != 0;
            collected.add(results.subList(1 + carried.size(), results.size()));
            carried = new ArrayList<>(results.subList(1, 1 + carried.size()));
        }
        carried.addAll(stacked(collected));
        return carried;
    }

    private static List<Numbers> scan(Operands in) {
        Graph body = body(in, "body");
        int scanned = in.integer("num_scan_inputs", 1);
        int states = in.count() - scanned;
        List<Numbers> carried = new ArrayList<>();
        for (int i = 0; i < states; i++) {
            carried.add(in.get(i));
        }
        int[] axes = in.integers("scan_input_axes", new int[scanned]);
        int[] directions = in.integers("scan_input_directions", new int[scanned]);
        int turns = in.get(states).shape()[in.get(states).axis(axes[0])];
        List<List<Numbers>> collected = new ArrayList<>();
        for (int turn = 0; turn < turns; turn++) {
            List<Numbers> inputs = new ArrayList<>(carried);
            for (int i = 0; i < scanned; i++) {
                Numbers all = in.get(states + i);
                int axis = all.axis(axes[i]);
                int at = directions[i] == 1 ? turns - 1 - turn : turn;
                Numbers row = all.slice(axis, at, at + 1);
                inputs.add(row.withShape(IntStream.range(0, row.rank())
                        .filter(other -> other != axis)
                        .map(other -> row.shape()[other])
                        .toArray()));
            }
            List<Numbers> results = run(in, body, inputs);
            carried = new ArrayList<>(results.subList(0, states));
            collected.add(results.subList(states, results.size()));
        }
        List<Numbers> outputs = stacked(collected);
        int[] resultAxes = in.integers("scan_output_axes", new int[outputs.size()]);
        int[] resultDirections = in.integers("scan_output_directions", new int[outputs.size()]);
        for (int i = 0; i < outputs.size(); i++) {
            carried.add(placed(outputs.get(i), resultAxes[i], resultDirections[i] == 1));
        }
        return carried;
    }

    /** The first axis moved to its place, and turned round if wanted. */
    private static Numbers placed(Numbers x, int axis, boolean reversed) {
        Numbers[] rows = new Numbers[x.shape()[0]];
        for (int i = 0; i < rows.length; i++) {
            int from = reversed ? rows.length - 1 - i : i;
            rows[i] = x.slice(0, from, from + 1);
        }
        int place = x.axis(axis);
        return Numbers.concat(0, rows)
                .transpose(IntStream.range(0, x.rank())
                        .map(i -> i < place ? i + 1 : i == place ? 0 : i)
                        .toArray());
    }

    /** What every turn gave, along a new first axis. */
    private static List<Numbers> stacked(List<List<Numbers>> turns) {
        List<Numbers> stacked = new ArrayList<>();
        for (int output = 0; !turns.isEmpty() && output < turns.get(0).size(); output++) {
            int at = output;
            stacked.add(Numbers.concat(
                    0,
                    turns.stream()
                            .map(turn -> turn.get(at))
                            .map(value -> value.withShape(ProductReference.append(new int[] {1}, value.shape())))
                            .toArray(Numbers[]::new)));
        }
        return stacked;
    }
}

package dev.save4j.cli;

import dev.save4j.engine.Engine;
import dev.save4j.engine.OperatorRule;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which engine runs and trains which operator, on which element types. */
final class OperatorMatrix {
    private static final Set<ElementType> INTEGERS = EnumSet.of(
            ElementType.INT8,
            ElementType.INT16,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.UINT8,
            ElementType.UINT16,
            ElementType.UINT32,
            ElementType.UINT64);

    private static final Map<ElementType, String> SHORT = new EnumMap<>(Map.ofEntries(
            Map.entry(ElementType.FLOAT, "f32"),
            Map.entry(ElementType.DOUBLE, "f64"),
            Map.entry(ElementType.FLOAT16, "f16"),
            Map.entry(ElementType.BFLOAT16, "bf16"),
            Map.entry(ElementType.INT8, "i8"),
            Map.entry(ElementType.INT16, "i16"),
            Map.entry(ElementType.INT32, "i32"),
            Map.entry(ElementType.INT64, "i64"),
            Map.entry(ElementType.UINT8, "u8"),
            Map.entry(ElementType.UINT16, "u16"),
            Map.entry(ElementType.UINT32, "u32"),
            Map.entry(ElementType.UINT64, "u64"),
            Map.entry(ElementType.BOOL, "bool")));

    private final List<String> engines = new ArrayList<>();
    private final Map<String, Map<String, OperatorRule>> rules = new TreeMap<>();

    /**
     * @param all engines; of two with the same name, one of which runs what the other trains, the later counts
     */
    OperatorMatrix(Collection<? extends Engine> all) {
        for (Engine engine : all) {
            if (!engines.contains(engine.name())) {
                engines.add(engine.name());
            }
            for (OperatorRule rule : engine.capabilities().operators().rules()) {
                String operator = rule.domain().isEmpty() ? rule.operator() : rule.domain() + "::" + rule.operator();
                rules.computeIfAbsent(operator, key -> new LinkedHashMap<>()).put(engine.name(), rule);
            }
        }
    }

    /** A row for each operator: for each engine {@code trains} or {@code runs} and the types, then the attributes. */
    TextTable table() {
        List<String> header = new ArrayList<>(List.of("operator"));
        header.addAll(engines);
        header.add("attributes");
        TextTable table = new TextTable(header.toArray(String[]::new));
        rules.forEach((operator, byEngine) -> {
            List<String> row = new ArrayList<>(List.of(operator));
            for (String engine : engines) {
                OperatorRule rule = byEngine.get(engine);
                row.add(
                        rule == null
                                ? "no"
                                : (rule.differentiable() ? "trains " : "runs ") + describe(rule.elements()));
            }
            row.add(attributes(byEngine));
            table.add(row.toArray(String[]::new));
        });
        return table;
    }

    /** All attributes, with the engines that honour one where not all do that have the operator. */
    private static String attributes(Map<String, OperatorRule> byEngine) {
        Set<String> all = new TreeSet<>();
        byEngine.values().forEach(rule -> all.addAll(rule.attributes()));
        List<String> described = new ArrayList<>();
        for (String attribute : all) {
            List<String> honour = byEngine.entrySet().stream()
                    .filter(entry -> entry.getValue().attributes().contains(attribute))
                    .map(Map.Entry::getKey)
                    .toList();
            described.add(
                    honour.size() == byEngine.size() ? attribute : attribute + " (" + String.join(", ", honour) + ")");
        }
        return String.join(", ", described);
    }

    /** The types in short, all integers as one word: {@code f32 f16 ints}. */
    static String describe(Set<ElementType> elements) {
        if (elements.size() == ElementType.values().length) {
            return "all";
        }
        List<String> words = new ArrayList<>();
        SHORT.forEach((element, word) -> {
            if (elements.contains(element) && !(INTEGERS.contains(element) && elements.containsAll(INTEGERS))) {
                words.add(word);
            }
        });
        if (elements.containsAll(INTEGERS)) {
            words.add("ints");
        }
        return String.join(" ", words);
    }
}

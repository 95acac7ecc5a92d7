package dev.save4j.graph;

import dev.save4j.SaveException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One operator application.
 *
 * @param name may be empty; used in messages and to name anonymous weights
 * @param domain empty for the standard operators
 * @param inputs value names; an empty name is an absent optional input
 * @param outputs value names; an empty name is an unused optional output
 */
public record Node(
        String name,
        String domain,
        String operator,
        List<String> inputs,
        List<String> outputs,
        Map<String, Attribute> attributes,
        Preserved preserved) {
    /** The domain of operators that ONNX Runtime adds. */
    public static final String MICROSOFT = "com.microsoft";

    /**
     * The domain of save4j's own operators. {@code StopGradient} is the only one: the identity, through which no gradient flows. Files define it as
     * a model-local function, so that any ONNX runtime can execute them.
     */
    public static final String SAVE4J = "dev.save4j";

    public Node {
        // "ai.onnx" is another spelling of the standard domain.
        domain = domain.equals("ai.onnx") ? "" : domain;
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    public Node(
            String name,
            String domain,
            String operator,
            List<String> inputs,
            List<String> outputs,
            Map<String, Attribute> attributes) {
        this(name, domain, operator, inputs, outputs, attributes, Preserved.NOTHING);
    }

    /** Whether the optional input is there. */
    public boolean hasInput(int index) {
        return index < inputs.size() && !inputs.get(index).isEmpty();
    }

    public boolean hasOutput(int index) {
        return index < outputs.size() && !outputs.get(index).isEmpty();
    }

    public boolean has(String attribute) {
        return attributes.containsKey(attribute);
    }

    public long integer(String attribute, long orElse) {
        return attribute(attribute, Attribute.Int.class, new Attribute.Int(orElse))
                .value();
    }

    public float real(String attribute, float orElse) {
        return attribute(attribute, Attribute.Real.class, new Attribute.Real(orElse))
                .value();
    }

    public String text(String attribute, String orElse) {
        return attribute(attribute, Attribute.Text.class, new Attribute.Text(orElse))
                .value();
    }

    /** The values of an attribute that must be there. */
    public long[] integers(String attribute) {
        if (!has(attribute)) {
            throw SaveException.user(describe() + " lacks its attribute '" + attribute + "'");
        }
        return attribute(attribute, Attribute.Ints.class, new Attribute.Ints(List.of()))
                .toArray();
    }

    private <A extends Attribute> A attribute(String attribute, Class<A> kind, A orElse) {
        Attribute value = attributes.get(attribute);
        if (value == null) {
            return orElse;
        }
        if (!kind.isInstance(value)) {
            throw SaveException.user(describe() + ": attribute '" + attribute + "' is of kind "
                    + value.getClass().getSimpleName() + ", expected " + kind.getSimpleName());
        }
        return kind.cast(value);
    }

    /** The operator with its domain, as in {@code com.microsoft::GroupQueryAttention}. */
    public String qualifiedOperator() {
        return domain.isEmpty() ? operator : domain + "::" + operator;
    }

    /** The names of its operands and of what its bodies read, with names that a body defines itself; an absent operand is an empty name. */
    public Set<String> reads() {
        Set<String> names = new HashSet<>(inputs);
        for (Attribute attribute : attributes.values()) {
            if (attribute instanceof Attribute.Body body) {
                body.value().nodes().forEach(inner -> names.addAll(inner.reads()));
                body.value().outputs().forEach(output -> names.add(output.name()));
            }
        }
        return names;
    }

    /** How messages speak of this node. */
    public String describe() {
        String label = name.isEmpty() ? outputs.isEmpty() ? "" : "-> " + outputs.get(0) : "'" + name + "'";
        return "node " + label + " (" + qualifiedOperator() + ")";
    }
}

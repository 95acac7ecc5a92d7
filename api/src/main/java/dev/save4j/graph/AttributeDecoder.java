package dev.save4j.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads an AttributeProto. */
final class AttributeDecoder {
    private static final int FLOAT = 1;
    private static final int INT = 2;
    private static final int STRING = 3;
    private static final int TENSOR = 4;
    private static final int GRAPH = 5;
    private static final int FLOATS = 6;
    private static final int INTS = 7;
    private static final int STRINGS = 8;

    private final OnnxDecoder model;
    private final Function<WireReader, Graph> bodies;
    private final WireReader message;
    private final Leftovers leftovers = new Leftovers(5, 0);
    private final WireReader.Longs integers = new WireReader.Longs();
    private final WireReader.Longs reals = new WireReader.Longs();
    private final List<String> texts = new ArrayList<>();
    private String name = "";
    private String reference = "";
    private int declared;
    private int found;
    private long integer;
    private float real;
    private String text = "";
    private @Nullable Attribute constant;
    private @Nullable Attribute body;

    AttributeDecoder(OnnxDecoder model, Function<WireReader, Graph> bodies, WireReader message) {
        this.model = model;
        this.bodies = bodies;
        this.message = message;
    }

    String name() {
        return name;
    }

    byte[] leftover() {
        return leftovers.toByteArray();
    }

    void decode() {
        while (message.next()) {
            switch (message.field()) {
                case 1 -> {
                    name = message.text();
                    message.label("attribute '" + name + "'");
                }
                case 2 -> {
                    real = message.real();
                    found(FLOAT);
                }
                case 3 -> {
                    integer = message.integer();
                    found(INT);
                }
                case 4 -> {
                    text = message.text();
                    found(STRING);
                }
                case 5 -> {
                    tensor();
                    found(TENSOR);
                }
                case 6 -> {
                    body = new Attribute.Body(bodies.apply(message.message("body")));
                    found(GRAPH);
                }
                case 7 -> {
                    message.fixed(reals, Float.BYTES);
                    found(FLOATS);
                }
                case 8 -> {
                    message.integers(integers);
                    found(INTS);
                }
                case 9 -> {
                    texts.add(message.text());
                    found(STRINGS);
                }
                case 10 -> throw message.problem("it is a list of tensors, which no standard operator takes");
                case 11 -> throw message.problem("it is a list of graphs, which no standard operator takes");
                case 14, 15 ->
                    throw message.problem("it is a type of optionals or sequences, which save4j does not run");
                case 20 -> declared = message.smallInteger();
                case 21 -> reference = message.text();
                case 22, 23 -> throw message.problem("it is sparse, which save4j does not hold; export dense tensors");
                default -> leftovers.keep(message);
            }
        }
        if (name.isEmpty()) {
            throw message.problem("it has no name");
        }
        if (declared != 0 && found != 0 && declared != found) {
            throw message.problem("it is declared as kind " + declared + " but holds a value of kind " + found);
        }
    }

    private void found(int kind) {
        if (found != 0 && found != kind) {
            throw message.problem("it holds values of two kinds, " + found + " and " + kind);
        }
        found = kind;
    }

    private void tensor() {
        TensorDecoder.Decoded decoded = model.tensor(message.message("tensor"));
        constant = new Attribute.Constant(decoded.tensor());
        WireWriter stub = new WireWriter();
        stub.textUnlessEmpty(8, decoded.name());
        stub.raw(decoded.leftover());
        leftovers.keep("", stub.toByteArray());
    }

    Attribute value() {
        int kind = declared == 0 ? found : declared;
        if (!reference.isEmpty()) {
            return new Attribute.Reference(reference, kind);
        }
        return switch (kind) {
            case FLOAT -> new Attribute.Real(real);
            case INT -> new Attribute.Int(integer);
            case STRING -> new Attribute.Text(text);
            case TENSOR -> present(constant);
            case GRAPH -> present(body);
            case FLOATS -> new Attribute.Reals(floats());
            case INTS ->
                new Attribute.Ints(
                        java.util.Arrays.stream(integers.toArray()).boxed().toList());
            case STRINGS -> new Attribute.Texts(texts);
            default -> throw message.problem("values of kind " + kind + " are unknown");
        };
    }

    private Attribute present(@Nullable Attribute value) {
        if (value == null) {
            throw message.problem("it has no value");
        }
        return value;
    }

    private List<Float> floats() {
        List<Float> values = new ArrayList<>(reals.size());
        for (int i = 0; i < reals.size(); i++) {
            values.add(Float.intBitsToFloat((int) reals.get(i)));
        }
        return values;
    }
}

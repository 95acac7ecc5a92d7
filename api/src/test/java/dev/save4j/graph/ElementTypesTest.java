package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ElementTypesTest {
    private static Node node(String operator, List<String> inputs, List<String> outputs, Map<String, Attribute> with) {
        return new Node("", "", operator, inputs, outputs, with);
    }

    private static Graph graph(List<ValueInfo> inputs, Node... nodes) {
        return new Graph(
                "sample",
                Map.of("", 23),
                inputs,
                List.of(),
                List.of(nodes),
                Map.of("zero", Tensor.allocate(ElementType.INT8, 1)),
                Map.of("w", TensorType.of(ElementType.FLOAT16, 2)));
    }

    private static final ValueInfo X = new ValueInfo("x", TensorType.of(ElementType.DOUBLE, 2));

    @Test
    void typesFollowTheOperators() {
        ElementTypes types = new ElementTypes(graph(
                List.of(X),
                node("Add", List.of("x", "x"), List.of("sum"), Map.of()),
                node("Shape", List.of("w"), List.of("shape"), Map.of()),
                node("Less", List.of("x", "sum"), List.of("less"), Map.of()),
                node("Where", List.of("less", "w", "w"), List.of("where"), Map.of()),
                node("Cast", List.of("x"), List.of("cast"), Map.of("to", Attribute.of(6))),
                node("TopK", List.of("x", "shape"), List.of("", "indices"), Map.of()),
                node("QuantizeLinear", List.of("x", "x", "zero"), List.of("quantized"), Map.of())));
        assertThat(types.of("w")).isEqualTo(ElementType.FLOAT16);
        assertThat(types.of("sum")).isEqualTo(ElementType.DOUBLE);
        assertThat(types.of("shape")).isEqualTo(ElementType.INT64);
        assertThat(types.of("less")).isEqualTo(ElementType.BOOL);
        assertThat(types.of("where")).isEqualTo(ElementType.FLOAT16);
        assertThat(types.of("cast")).isEqualTo(ElementType.INT32);
        assertThat(types.of("indices")).isEqualTo(ElementType.INT64);
        assertThat(types.of("quantized")).isEqualTo(ElementType.INT8);
        assertThat(types.find("")).isEmpty();
    }

    @Test
    void bodiesSeeTheValuesAroundThem() {
        Graph body = new Graph(
                "then",
                Map.of(),
                List.of(),
                List.of(new ValueInfo("inner", TensorType.UNKNOWN)),
                List.of(node("Neg", List.of("x"), List.of("inner"), Map.of())),
                Map.of(),
                Map.of(),
                Preserved.NOTHING);
        ElementTypes types = new ElementTypes(graph(
                List.of(X),
                node("If", List.of("zero"), List.of("chosen"), Map.of("then_branch", new Attribute.Body(body)))));
        assertThat(types.of("chosen")).isEqualTo(ElementType.DOUBLE);
        assertThat(types.inside(body).of("inner")).isEqualTo(ElementType.DOUBLE);
    }

    @Test
    void aTypeThatCannotBeToldIsAnErrorWhenItIsNeeded() {
        ElementTypes types = new ElementTypes(graph(
                List.of(new ValueInfo("x", TensorType.UNKNOWN)), node("Neg", List.of("x"), List.of("y"), Map.of())));
        assertThat(types.find("y")).isEmpty();
        assertThatThrownBy(() -> types.isFloating("y"))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageContaining("the type of value 'y'");
    }
}

package dev.save4j.graph;

import static dev.save4j.graph.Wire.message;
import static dev.save4j.graph.Wire.names;
import static dev.save4j.graph.Wire.node;
import static dev.save4j.graph.Wire.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GraphNormalizerFunctionTest {
    /** {@code local::Scale(x) = Softmax(x · by)} of set 11, whose Softmax flattens; {@code by} is 3 unless given. */
    static WireWriter scale() {
        return message(f -> {
            f.text(1, "Scale");
            f.text(10, "local");
            f.text(4, "x");
            f.text(5, "scaled");
            f.text(6, "bias");
            f.message(11, message(a -> {
                a.text(1, "by");
                a.real(2, 3);
            }));
            f.message(
                    7,
                    node(
                            "",
                            "Constant",
                            names(),
                            names("factor"),
                            n -> n.message(5, message(a -> {
                                a.text(1, "value_float");
                                a.text(21, "by");
                                a.integer(20, 1);
                            }))));
            f.message(7, node("", "Mul", names("x", "factor"), names("product")));
            f.message(7, node("soft", "Softmax", names("product"), names("scaled")));
            f.message(9, message(set -> set.integer(2, 11)));
        });
    }

    private static Graph normal(Consumer<WireWriter> graph, WireWriter... functions) {
        return GraphNormalizer.normalize(Wire.decode(Wire.model(23, graph, model -> {
            model.message(8, message(set -> {
                set.text(1, "local");
                set.integer(2, 1);
            }));
            for (WireWriter function : functions) {
                model.message(25, function);
            }
        })));
    }

    private static WireWriter call(
            String name, String operator, String input, String output, Consumer<WireWriter> more) {
        return node(name, operator, names(input), names(output), n -> {
            n.text(7, "local");
            more.accept(n);
        });
    }

    @Test
    void aFunctionIsReplacedByItsBodyInItsOwnOperatorSet() {
        Graph graph = normal(
                g -> {
                    g.message(11, value("x", ElementType.FLOAT, 2, 3));
                    g.message(1, call("first", "Scale", "x", "y", n -> {}));
                    g.message(
                            1,
                            call(
                                    "second",
                                    "Scale",
                                    "y",
                                    "z",
                                    n -> n.message(5, message(a -> {
                                        a.text(1, "by");
                                        a.real(2, 5);
                                    }))));
                    g.message(12, value("z", ElementType.FLOAT, 2, 3));
                },
                scale());

        assertThat(graph.nodes()).extracting(Node::operator).containsExactly("Mul", "Softmax", "Mul", "Softmax");
        assertThat(graph.nodes().get(1).name()).isEqualTo("first/soft");
        assertThat(graph.nodes().get(1).outputs()).containsExactly("y");
        assertThat(graph.nodes().get(3).outputs()).containsExactly("z");
        // The axis of set 11 is 1, which is the last one of two.
        assertThat(graph.nodes().get(1).attributes()).isEmpty();
        assertThat(graph.constants().values().stream().map(Tensor::item)).containsExactly(3f, 5f);
        assertThat(graph.opsets()).doesNotContainKey("local");
    }

    @Test
    void functionsCallFunctionsAndHandTheirInputsThrough() {
        WireWriter twice = message(f -> {
            f.text(1, "Twice");
            f.text(10, "local");
            f.text(4, "x");
            f.text(4, "unused");
            f.text(5, "same");
            f.text(5, "x");
            f.text(5, "same");
            f.message(7, call("", "Scale", "x", "same", n -> {}));
            f.message(9, message(set -> set.integer(2, 23)));
        });
        Graph graph = normal(
                g -> {
                    g.message(11, value("x", ElementType.FLOAT, 2, 3));
                    g.message(1, node("t", "Twice", names("x"), names("a", "b", "c"), n -> n.text(7, "local")));
                    for (String output : names("a", "b", "c")) {
                        g.message(12, value(output, ElementType.FLOAT, 2, 3));
                    }
                },
                scale(),
                twice);
        assertThat(graph.nodes()).extracting(Node::operator).containsExactly("Mul", "Softmax", "Identity", "Identity");
        assertThat(graph.nodes().get(1).outputs()).containsExactly("a");
        assertThat(graph.nodes().get(2).inputs()).containsExactly("x");
        assertThat(graph.nodes().get(3).inputs()).containsExactly("a");
    }

    @Test
    void bodiesInFunctionsGetNamesOfTheirOwn() {
        WireWriter body = message(b -> {
            b.text(2, "then");
            b.message(1, node("", "Neg", names("x"), names("inner")));
            b.message(
                    1,
                    node(
                            "",
                            "LeakyRelu",
                            names("inner"),
                            names("result"),
                            n -> n.message(5, message(a -> {
                                a.text(1, "alpha");
                                a.text(21, "slope");
                                a.integer(20, 1);
                            }))));
            b.message(12, message(v -> v.text(1, "result")));
        });
        WireWriter choose = message(f -> {
            f.text(1, "Choose");
            f.text(10, "local");
            f.text(4, "x");
            f.text(5, "y");
            f.text(6, "slope");
            f.message(
                    7,
                    node(
                            "",
                            "ReduceMax",
                            names("x"),
                            names("top"),
                            n -> n.message(5, message(a -> {
                                a.text(1, "keepdims");
                                a.integer(3, 0);
                            }))));
            f.message(
                    7,
                    node(
                            "",
                            "Cast",
                            names("top"),
                            names("c"),
                            n -> n.message(5, message(a -> {
                                a.text(1, "to");
                                a.integer(3, 9);
                            }))));
            f.message(7, node("", "If", names("c"), names("y"), n -> {
                for (String branch : names("then_branch", "else_branch")) {
                    n.message(5, message(a -> {
                        a.text(1, branch);
                        a.message(6, body);
                    }));
                }
            }));
            f.message(9, message(set -> set.integer(2, 23)));
        });
        Graph graph = normal(
                g -> {
                    g.message(11, value("x", ElementType.FLOAT, 2));
                    for (String output : names("y", "z")) {
                        g.message(
                                1,
                                call(
                                        output,
                                        "Choose",
                                        "x",
                                        output,
                                        n -> n.message(5, message(a -> {
                                            a.text(1, "slope");
                                            a.real(2, 0.5f);
                                        }))));
                        g.message(12, value(output, ElementType.FLOAT, 2));
                    }
                },
                choose);
        List<Graph> bodies = graph.nodes().stream()
                .flatMap(node -> node.attributes().values().stream())
                .filter(Attribute.Body.class::isInstance)
                .map(attribute -> ((Attribute.Body) attribute).value())
                .toList();
        assertThat(bodies).hasSize(4);
        assertThat(bodies.stream().flatMap(inside -> inside.nodes().stream()).flatMap(n -> n.outputs().stream()))
                .doesNotHaveDuplicates();
        assertThat(bodies).allSatisfy(inside -> {
            assertThat(inside.nodes().get(0).inputs()).containsExactly("x");
            assertThat(inside.nodes().get(1).real("alpha", 0)).isEqualTo(0.5f);
        });
    }

    @Test
    void overloadsAreToldApart() {
        WireWriter plain = overloaded("", "Neg");
        WireWriter other = overloaded("other", "Abs");
        Graph graph = normal(
                g -> {
                    g.message(11, value("x", ElementType.FLOAT));
                    g.message(1, call("a", "F", "x", "y", n -> n.text(8, "other")));
                    g.message(1, call("b", "F", "y", "z", n -> {}));
                    g.message(12, value("z", ElementType.FLOAT));
                },
                plain,
                other);
        assertThat(graph.nodes()).extracting(Node::operator).containsExactly("Abs", "Neg");
    }

    private static WireWriter overloaded(String overload, String operator) {
        return message(f -> {
            f.text(1, "F");
            f.text(10, "local");
            f.textUnlessEmpty(13, overload);
            f.text(4, "x");
            f.text(5, "y");
            f.message(7, node("", operator, names("x"), names("y")));
            f.message(9, message(set -> set.integer(2, 23)));
        });
    }

    private static WireWriter function(String name, Consumer<WireWriter> body) {
        return message(f -> {
            f.text(1, name);
            f.text(10, "local");
            f.text(4, "x");
            f.text(5, "y");
            body.accept(f);
            f.message(9, message(set -> set.integer(2, 23)));
        });
    }

    private static Consumer<WireWriter> calling(String operator) {
        return g -> {
            g.message(11, value("x", ElementType.FLOAT));
            g.message(1, call("n", operator, "x", "z", n -> {}));
            g.message(12, value("z", ElementType.FLOAT));
        };
    }

    @Test
    void functionsThatCallThemselvesAreRefused() {
        WireWriter endless = function("F", f -> f.message(7, call("m", "F", "x", "y", n -> {})));
        assertThatThrownBy(() -> normal(calling("F"), endless))
                .hasMessageStartingWith("graph 'g': node 'n/m/m")
                .hasMessageEndingWith("the model's functions call each other more than 64 deep;"
                        + " function 'local::F' probably calls itself");
    }

    @Test
    void functionsThatGrowWithoutMeasureAreRefused() {
        WireWriter[] functions = new WireWriter[10];
        for (int level = 0; level < functions.length; level++) {
            int below = level - 1;
            functions[level] = function("F" + level, f -> {
                String at = "x";
                for (int i = 0; i < 10; i++) {
                    String next = i == 9 ? "y" : "v" + i;
                    f.message(
                            7,
                            below < 0
                                    ? node("", "Neg", names(at), names(next))
                                    : call("", "F" + below, at, next, n -> {}));
                    at = next;
                }
            });
        }
        assertThatThrownBy(() -> normal(calling("F9"), functions))
                .hasMessageContaining("the model's functions call each other and make more than 200000 nodes");
    }

    @Test
    void callsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> normal(
                        g -> {
                            g.message(11, value("x", ElementType.FLOAT));
                            g.message(1, node("n", "F", names("x", "x"), names("z"), n -> n.text(7, "local")));
                            g.message(12, value("z", ElementType.FLOAT));
                        },
                        overloaded("", "Neg")))
                .hasMessage("graph 'g': node 'n' (local::F) passes 2 inputs and 1 outputs to function 'local::F',"
                        + " which takes 1 and 1");
        assertThatThrownBy(() ->
                        normal(calling("F"), function("F", f -> f.message(7, node("", "Neg", names("q"), names("y"))))))
                .hasMessage(
                        "graph 'g': function 'local::F' uses 'q', which none of its inputs and earlier nodes defines");
    }
}

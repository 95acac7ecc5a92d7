package dev.save4j.graph;

import dev.save4j.tensor.ElementType;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Writes messages of onnx.proto by field number, right and wrong ones. */
final class Wire {
    private Wire() {}

    static WireWriter message(Consumer<WireWriter> fields) {
        WireWriter message = new WireWriter();
        fields.accept(message);
        return message;
    }

    /** A model of one operator set whose graph is called g. */
    static byte[] model(int opset, Consumer<WireWriter> graph) {
        return model(opset, graph, model -> {});
    }

    static byte[] model(int opset, Consumer<WireWriter> graph, Consumer<WireWriter> more) {
        return message(model -> {
                    model.integer(1, 8);
                    model.message(7, message(g -> {
                        g.text(2, "g");
                        graph.accept(g);
                    }));
                    model.message(8, message(set -> set.integer(2, opset)));
                    more.accept(model);
                })
                .toByteArray();
    }

    static OnnxModel decode(byte[] bytes) {
        return OnnxCodec.decode(ByteBuffer.wrap(bytes), "test.onnx");
    }

    static WireWriter value(String name, ElementType element, Object... sizes) {
        TensorType type = TensorType.of(element, sizes);
        return message(value -> {
            value.text(1, name);
            value.message(
                    2,
                    message(t -> t.message(1, message(tensor -> {
                        tensor.integer(1, element.onnxCode());
                        tensor.message(
                                2,
                                message(shape -> type.shape()
                                        .forEach(dimension -> shape.message(1, message(d -> {
                                            if (dimension.isFixed()) {
                                                d.integer(1, dimension.size());
                                            } else {
                                                d.textUnlessEmpty(2, dimension.symbol());
                                            }
                                        })))));
                    }))));
        });
    }

    static WireWriter node(String name, String operator, String[] inputs, String[] outputs) {
        return node(name, operator, inputs, outputs, node -> {});
    }

    static WireWriter node(String name, String operator, String[] inputs, String[] outputs, Consumer<WireWriter> more) {
        return message(node -> {
            for (String input : inputs) {
                node.text(1, input);
            }
            for (String output : outputs) {
                node.text(2, output);
            }
            node.text(3, name);
            node.text(4, operator);
            more.accept(node);
        });
    }

    static String[] names(String... names) {
        return names;
    }

    /** A FLOAT initializer w of two elements, with other fields added. */
    static WireWriter initializer(Consumer<WireWriter> fields) {
        return message(tensor -> {
            tensor.integers(1, new long[] {2});
            tensor.integer(2, 1);
            tensor.text(8, "w");
            fields.accept(tensor);
        });
    }

    static void floats(WireWriter tensor, float... values) {
        java.util.List<Float> list = new java.util.ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        tensor.reals(4, list);
    }
}

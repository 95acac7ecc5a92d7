package dev.save4j.graph;

import static dev.save4j.graph.Wire.initializer;
import static dev.save4j.graph.Wire.message;
import static dev.save4j.graph.Wire.names;
import static dev.save4j.graph.Wire.node;
import static dev.save4j.graph.Wire.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of broken or foreign file is a USER error that says what is wrong and where. */
class OnnxRefusalTest {
    @TempDir
    Path folder;

    private static void refused(byte[] bytes, String message) {
        assertThatThrownBy(() -> Wire.decode(bytes))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("test.onnx: " + message);
    }

    private static void refusedGraph(Consumer<WireWriter> graph, String message) {
        refused(Wire.model(23, graph), message);
    }

    private static void refusedTensor(Consumer<WireWriter> tensor, String message) {
        refusedGraph(graph -> graph.message(5, initializer(tensor)), "graph 'g', tensor 'w': " + message);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void anEmptyFile() {
        refused(new byte[0], "the file is empty; it is no ONNX model");
    }

    @Test
    void filesOfOtherKinds() {
        refused(
                "\u0089PNG\r\n".getBytes(StandardCharsets.ISO_8859_1),
                "it is no ONNX model but looks like a PNG picture");
        refused(
                "PK\u0003\u0004data.pkl".getBytes(StandardCharsets.ISO_8859_1),
                "it is no ONNX model but looks like a zip archive, as PyTorch's checkpoints are; export the model to ONNX");
        refused(
                "GGUF\u0003".getBytes(StandardCharsets.ISO_8859_1),
                "it is no ONNX model but looks like a GGUF file; export the model to ONNX");
        refused(
                "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n".getBytes(StandardCharsets.UTF_8),
                "it is no ONNX model but looks like a Git LFS pointer; fetch the file itself with `git lfs pull`");
        refused(
                "\u0010\0\0\0\0\0\0\0{\"w\":{}}".getBytes(StandardCharsets.ISO_8859_1),
                "it is no ONNX model but looks like a safetensors file; give the folder of the Hugging Face model instead");
        refused("{\"a\": 1}".getBytes(StandardCharsets.UTF_8), "it is no ONNX model but looks like text");
        refused("<html>".getBytes(StandardCharsets.UTF_8), "it is no ONNX model but looks like text");
    }

    @Test
    void aMessageWithoutGraph() {
        refused(message(model -> model.integer(1, 8)).toByteArray(), "there is no graph in it; it is no ONNX model");
    }

    @Test
    void aFileThatEndsTooSoon() {
        byte[] whole = Wire.model(23, graph -> graph.message(11, value("x", ElementType.FLOAT, 2)));
        refused(
                Arrays.copyOf(whole, whole.length - 10),
                "field 7: it claims 20 bytes but 14 are left; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void aLengthBeyondTheEnd() {
        refused(
                bytes(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07, 1),
                "field 7: it claims 2147483647 bytes but 1 are left; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void aNegativeLength() {
        refused(
                bytes(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
                "field 7: it claims 18446744073709551615 bytes but 0 are left;"
                        + " the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void aNumberOfMoreThan64Bits() {
        refused(
                bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
                "field 1: a number takes more than 64 bits; the file is damaged or cut off, or is no ONNX file");
        refused(
                bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02),
                "field 1: a number takes more than 64 bits; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void wireTypesThatTheFormatDoesNotUse() {
        refused(
                bytes(0x4b),
                "field 9: wire type 3 is not used by ONNX; the file is damaged or cut off, or is no ONNX file");
        refused(bytes(0x00), "there is no field 0; the file is damaged or cut off, or is no ONNX file");
        refused(
                bytes(0x0a, 0x00),
                "field 1: it has wire type 2 where the format has 0;"
                        + " the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void textThatIsNotUtf8() {
        refused(
                bytes(0x12, 0x02, 0xc3, 0x28),
                "field 2: the text is not UTF-8; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void twoGraphs() {
        refused(
                Wire.model(23, graph -> {}, model -> model.message(7, new WireWriter())),
                "field 7: there is a second graph; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void bodiesNestedWithoutEnd() {
        WireWriter graph = message(g -> g.text(2, "innermost"));
        for (int i = 0; i < 40; i++) {
            WireWriter body = graph;
            WireWriter attribute = message(a -> {
                a.text(1, "then_branch");
                a.message(6, body);
            });
            graph = message(g -> g.message(1, node("", "If", names("c"), names("y"), n -> n.message(5, attribute))));
        }
        WireWriter outermost = graph;
        assertThatThrownBy(() -> Wire.decode(
                        message(model -> model.message(7, outermost)).toByteArray()))
                .hasMessage("test.onnx: graph, node '' (If), attribute 'then_branch', body, …,"
                        + " body, node '' (If), attribute 'then_branch', body: messages are nested more than 100 deep");
    }

    @Test
    void unknownFieldsNestedWithoutEndAreKeptAndNotFollowed() {
        WireWriter nested = new WireWriter();
        for (int i = 0; i < 5000; i++) {
            WireWriter inner = nested;
            nested = message(m -> m.message(99, inner));
        }
        WireWriter whole = nested;
        byte[] bytes = Wire.model(23, graph -> {}, model -> model.message(99, whole));
        assertThat(Wire.decode(bytes).preserved().isEmpty()).isFalse();
    }

    @Test
    void tensorsWhoseDataDoNotFitTheirShape() {
        refusedTensor(t -> t.bytes(9, new byte[12]), "FLOAT[2] takes 8 bytes but its data has 12");
        refusedTensor(t -> Wire.floats(t, 1), "FLOAT[2] has 2 elements but its data has 1");
        refusedTensor(t -> {}, "FLOAT[2] has 2 elements but its data has 0");
        refusedTensor(t -> t.integers(1, new long[] {-3}), "its shape [2, -3] has a negative dimension");
        refusedTensor(
                t -> t.integers(1, new long[] {1L << 40, 1L << 40}),
                "its shape [2, 1099511627776, 1099511627776] of FLOAT takes 2 GiB or more; one tensor holds less");
        refusedTensor(
                t -> t.integers(1, new long[] {1 << 29}),
                "its shape [2, 536870912] of FLOAT takes 2 GiB or more; one tensor holds less");
        refusedTensor(
                t -> {
                    t.bytes(9, new byte[8]);
                    Wire.floats(t, 1, 2);
                },
                "it holds its values twice, as raw data and in field 4");
        refusedTensor(
                t -> {
                    t.integers(7, new long[] {1});
                    Wire.floats(t, 1, 2);
                },
                "it holds its values in two fields, 7 and 4");
        refusedTensor(
                t -> t.integers(7, new long[] {1, 2}), "values of FLOAT are in field 7 where the format has them in 4");
        refusedTensor(
                t -> t.bytes(4, new byte[7]),
                "field 4: 7 bytes do not hold values of 4 bytes; the file is damaged or cut off, or is no ONNX file");
    }

    @Test
    void valuesThatDoNotFitTheirType() {
        Consumer<WireWriter> tooLarge = graph -> graph.message(5, message(t -> {
            t.integers(1, new long[] {1});
            t.integer(2, ElementType.UINT8.onnxCode());
            t.text(8, "u");
            t.integers(5, new long[] {300});
        }));
        refusedGraph(tooLarge, "graph 'g', tensor 'u': the value 300 does not fit UINT8");
    }

    @Test
    void typesThatAreNotSupported() {
        refusedTensor(
                t -> t.integer(2, 22),
                "ONNX element type 22 is not supported (strings, complex numbers and packed 4- or 8-bit floats are not);"
                        + " export the model in float32");
        refusedTensor(
                t -> t.bytes(6, new byte[] {'a'}),
                "it holds strings, which save4j does not; remove text processing from the model and tokenize outside");
        refusedTensor(t -> t.message(3, new WireWriter()), "it is stored in segments, which nothing writes any more");
        refusedGraph(
                graph -> graph.message(15, new WireWriter()),
                "graph 'g': it has a sparse initializer; export the model with dense weights");
        String[] kinds = {
            "4:it is a sequence, which save4j does not run; only tensors are",
            "5:it is a map, which save4j does not run; only tensors are",
            "8:it is a sparse tensor, which save4j does not run",
            "9:it is an optional, which save4j does not run; only tensors are"
        };
        for (String kind : kinds) {
            refusedGraph(
                    graph -> graph.message(11, message(v -> {
                        v.text(1, "x");
                        v.message(2, message(type -> type.message(kind.charAt(0) - '0', new WireWriter())));
                    })),
                    "graph 'g', value 'x': " + kind.substring(2));
        }
    }

    @Test
    void attributesThatMakeNoSense() {
        refusedAttribute(a -> {}, "it has no name");
        refusedAttribute(a -> a.text(1, "k"), "values of kind 0 are unknown", "attribute 'k'");
        refusedAttribute(
                a -> {
                    a.text(1, "k");
                    a.integer(3, 1);
                    a.real(2, 1);
                },
                "it holds values of two kinds, 2 and 1",
                "attribute 'k'");
        refusedAttribute(
                a -> {
                    a.text(1, "k");
                    a.integer(3, 1);
                    a.integer(20, 1);
                },
                "it is declared as kind 1 but holds a value of kind 2",
                "attribute 'k'");
        refusedAttribute(
                a -> {
                    a.text(1, "k");
                    a.integer(20, 4);
                },
                "it has no value",
                "attribute 'k'");
        String[] kinds = {
            "10:it is a list of tensors, which no standard operator takes",
            "11:it is a list of graphs, which no standard operator takes",
            "14:it is a type of optionals or sequences, which save4j does not run",
            "22:it is sparse, which save4j does not hold; export dense tensors"
        };
        for (String kind : kinds) {
            refusedAttribute(
                    a -> {
                        a.text(1, "k");
                        a.message(Integer.parseInt(kind.substring(0, 2)), new WireWriter());
                    },
                    kind.substring(3),
                    "attribute 'k'");
        }
    }

    private static void refusedAttribute(Consumer<WireWriter> attribute, String message) {
        refusedAttribute(attribute, message, "attribute");
    }

    private static void refusedAttribute(Consumer<WireWriter> attribute, String message, String where) {
        refusedGraph(
                graph -> graph.message(1, node("n", "Op", names(), names("y"), n -> n.message(5, message(attribute)))),
                "graph 'g', node 'n' (Op), " + where + ": " + message);
    }

    @Test
    void namesThatAreGivenTwice() {
        WireWriter w = initializer(t -> Wire.floats(t, 1, 2));
        refusedGraph(
                graph -> {
                    graph.message(5, w);
                    graph.message(5, w);
                },
                "graph 'g', tensor 'w': there are two initializers of this name");
        refusedGraph(
                graph -> {
                    graph.message(11, value("x", ElementType.FLOAT, 1));
                    graph.message(11, value("x", ElementType.FLOAT, 1));
                },
                "graph 'g': value 'x' is assigned again by an input");
        refusedGraph(
                graph -> {
                    graph.message(1, node("a", "Op", names(), names("y")));
                    graph.message(1, node("b", "Op", names(), names("y")));
                },
                "graph 'g': value 'y' is assigned again by node 'b' (Op)");
        refusedGraph(
                graph -> {
                    graph.message(12, value("y", ElementType.FLOAT, 1));
                    graph.message(12, value("y", ElementType.FLOAT, 1));
                },
                "graph 'g': output 'y' is listed twice");
        WireWriter attribute = message(a -> {
            a.text(1, "axis");
            a.integer(3, 1);
        });
        refusedGraph(
                graph -> graph.message(1, node("n", "Op", names(), names("y"), n -> {
                    n.message(5, attribute);
                    n.message(5, attribute);
                })),
                "graph 'g', node 'n' (Op), attribute 'axis': there are two attributes of this name");
        refused(
                Wire.model(23, graph -> {}, model -> model.message(8, message(set -> set.integer(2, 22)))),
                "operator set: domain '' is imported as version 23 and as version 22");
        refused(
                Wire.model(23, graph -> {}, model -> {
                    OnnxEncoder.entry(model, 14, "a", "1");
                    OnnxEncoder.entry(model, 14, "a", "2");
                }),
                "metadata: there are two entries 'a'");
        WireWriter function = message(f -> {
            f.text(1, "f");
            f.text(10, "d");
        });
        refused(
                Wire.model(23, graph -> {}, model -> {
                    model.message(25, function);
                    model.message(25, function);
                }),
                "function 'f': it is defined twice");
    }

    @Test
    void namesThatAreMissing() {
        refusedGraph(graph -> graph.message(1, new WireWriter()), "graph 'g', node: it has no operator");
        refusedGraph(graph -> graph.message(11, new WireWriter()), "graph 'g', input: a value has no name");
        refusedGraph(
                graph -> graph.message(5, message(t -> {
                    t.integer(2, 1);
                    t.bytes(9, new byte[4]);
                })),
                "graph 'g', initializer: it has no name");
    }

    @Test
    void cyclesAndValuesThatNobodyDefines() {
        refusedGraph(
                graph -> {
                    graph.message(1, node("a", "Neg", names("z"), names("y")));
                    graph.message(1, node("b", "Neg", names("y"), names("z")));
                },
                "graph 'g': node 'a' (Neg) reads 'z', which no earlier node, input or weight defines");
        refusedGraph(
                graph -> graph.message(12, value("y", ElementType.FLOAT)),
                "graph 'g': output 'y' is not defined by any node");
    }

    @Test
    void sizesThatMakeNoSense() {
        refusedGraph(
                graph -> graph.message(11, message(v -> {
                    v.text(1, "x");
                    v.message(
                            2,
                            message(t -> t.message(1, message(tensor -> {
                                tensor.integer(1, 1);
                                tensor.message(2, message(s -> s.message(1, message(d -> d.integer(1, -7)))));
                            }))));
                })),
                "graph 'g', value 'x', type, shape, dimension 0: the size -7 is negative");
    }

    // External data

    private Path withExternal(String location, String offset, String length) throws IOException {
        Path file = folder.resolve("model/model.onnx");
        Files.createDirectories(file.getParent());
        Files.write(folder.resolve("model/weights.bin"), new byte[16]);
        Files.write(folder.resolve("secret.bin"), new byte[16]);
        Files.write(
                file,
                Wire.model(
                        23,
                        graph -> graph.message(5, initializer(t -> {
                            OnnxEncoder.entry(t, 13, "location", location);
                            OnnxEncoder.entry(t, 13, "offset", offset);
                            OnnxEncoder.entry(t, 13, "length", length);
                            t.integer(14, 1);
                        }))));
        return file;
    }

    private void refusedExternal(String location, String offset, String length, String message) throws IOException {
        Path file = withExternal(location, offset, length);
        assertThatThrownBy(() -> OnnxCodec.read(file))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(file + ": graph 'g', tensor 'w': " + message);
    }

    @Test
    void externalDataOutsideTheFolder() throws IOException {
        String outside = "', which is not inside the model's folder; nothing outside that folder is opened";
        refusedExternal("../secret.bin", "0", "8", "its values are said to be in '../secret.bin" + outside);
        String absolute = folder.resolve("secret.bin").toAbsolutePath().toString();
        refusedExternal(absolute, "0", "8", "its values are said to be in '" + absolute + outside);
        refusedExternal("a/../../secret.bin", "0", "8", "its values are said to be in 'a/../../secret.bin" + outside);
        refusedExternal("", "0", "8", "its values are said to be in '" + outside);
        withExternal("weights.bin", "0", "8");
        Files.createSymbolicLink(folder.resolve("model/link.bin"), folder.resolve("secret.bin"));
        refusedExternal("link.bin", "0", "8", "its values are said to be in 'link.bin" + outside);
    }

    @Test
    void externalDataThatAreNotThere() throws IOException {
        refusedExternal(
                "missing.bin",
                "0",
                "8",
                "its values are in 'missing.bin', but there is no such file beside the model; copy it there");
        String tooShort = ", which has 16 bytes; the data file does not belong to this model or is cut off";
        refusedExternal("weights.bin", "12", "8", "its values are 8 bytes at offset 12 of 'weights.bin'" + tooShort);
        refusedExternal(
                "weights.bin",
                "9223372036854775807",
                "8",
                "its values are 8 bytes at offset 9223372036854775807 of 'weights.bin'" + tooShort);
        refusedExternal("weights.bin", "0", "12", "FLOAT[2] takes 8 bytes but 12 are said to be in 'weights.bin'");
        refusedExternal("weights.bin", "-4", "8", "the offset of its external data is -4, which is negative");
        refusedExternal("weights.bin", "x", "8", "the offset of its external data is 'x', which is no number");
        refusedTensor(
                t -> {
                    OnnxEncoder.entry(t, 13, "location", "weights.bin");
                    t.integer(14, 1);
                },
                "its values are in the file 'weights.bin',"
                        + " which cannot be found because the model was not read from a file");
        refusedTensor(
                t -> {
                    OnnxEncoder.entry(t, 13, "location", "a");
                    OnnxEncoder.entry(t, 13, "location", "b");
                },
                "its external data has two entries 'location'");
        refusedTensor(t -> t.integer(14, 2), "data location 2 is unknown");
        refusedTensor(
                t -> {
                    t.bytes(9, new byte[8]);
                    t.integer(14, 1);
                },
                "it holds values although they are said to be in another file");
    }

    @Test
    void externalDataInsideAreRead() throws IOException {
        assertThat(OnnxCodec.read(withExternal("weights.bin", "8", "8"))
                        .weights()
                        .get("w")
                        .toFloats())
                .containsExactly(0, 0);
    }

    @Test
    void filesThatAreMissing() {
        Path file = folder.resolve("none.onnx");
        assertThatThrownBy(() -> OnnxCodec.read(file)).hasMessage(file + ": there is no such file");
        assertThatThrownBy(() -> OnnxCodec.read(folder)).hasMessage(folder + ": there is no such file");
    }

    @Test
    void anEmptyTensorFile() throws IOException {
        Path file = Files.createFile(folder.resolve("input_0.pb"));
        assertThatThrownBy(() -> OnnxCodec.readTensor(file))
                .hasMessage(file + ": the file is empty; it is no ONNX tensor");
    }
}

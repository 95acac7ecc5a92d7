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
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxCodecTest {
    @TempDir
    Path folder;

    private static Graph linear() {
        GraphBuilder g = new GraphBuilder("linear");
        Value x = g.input("x", ElementType.FLOAT, "batch", 3);
        Value w = g.parameter("w", 2, 3);
        Value offset = g.constant("offset", Tensor.of(new float[] {1, 2}, 2));
        g.output("y", x.linear(w).stopGradient().add(offset));
        return g.build();
    }

    private static final Map<String, Tensor> WEIGHTS = Map.of("w", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));

    private static OnnxModel again(OnnxModel model) {
        return OnnxCodec.decode(ByteBuffer.wrap(OnnxCodec.encode(model)), "again");
    }

    private Tensor tensor(Consumer<WireWriter> fields) throws IOException {
        Path file = folder.resolve("tensor.pb");
        Files.write(file, message(fields).toByteArray());
        return OnnxCodec.readTensor(file);
    }

    private static Consumer<WireWriter> typed(ElementType type, Consumer<WireWriter> data, long... shape) {
        return t -> {
            t.integers(1, shape);
            t.integer(2, type.onnxCode());
            data.accept(t);
        };
    }

    // Tensors

    @Test
    void everyFieldOfValuesIsRead() throws IOException {
        assertThat(tensor(typed(ElementType.FLOAT, t -> Wire.floats(t, 1.5f, -2), 2))
                        .toFloats())
                .containsExactly(1.5f, -2);
        for (ElementType type : new ElementType[] {ElementType.INT32, ElementType.INT16, ElementType.INT8}) {
            assertThat(tensor(typed(type, t -> t.integers(5, new long[] {-3, 4}), 2))
                            .toLongs())
                    .containsExactly(-3, 4);
        }
        for (ElementType type : new ElementType[] {ElementType.UINT16, ElementType.UINT8}) {
            assertThat(tensor(typed(type, t -> t.integers(5, new long[] {200, 4}), 2))
                            .toLongs())
                    .containsExactly(200, 4);
        }
        assertThat(tensor(typed(ElementType.BOOL, t -> t.integers(5, new long[] {1, 0}), 1, 2)))
                .hasToString("BOOL[1, 2]")
                .satisfies(bits -> assertThat(bits.toLongs()).containsExactly(1, 0));
        assertThat(tensor(typed(ElementType.FLOAT16, t -> t.integers(5, new long[] {0x3c00}), 1))
                        .toFloats())
                .containsExactly(1);
        assertThat(tensor(typed(ElementType.BFLOAT16, t -> t.integers(5, new long[] {0xbfc0}), 1))
                        .toFloats())
                .containsExactly(-1.5f);
        assertThat(tensor(typed(ElementType.INT64, t -> t.integers(7, new long[] {Long.MIN_VALUE}), 1))
                        .toLongs())
                .containsExactly(Long.MIN_VALUE);
        assertThat(tensor(typed(ElementType.UINT32, t -> t.integers(11, new long[] {0xffffffffL}), 1))
                        .toLongs())
                .containsExactly(0xffffffffL);
        assertThat(tensor(typed(ElementType.UINT64, t -> t.integers(11, new long[] {-1}), 1))
                        .toLongs())
                .containsExactly(-1);
        byte[] half = ByteBuffer.allocate(8)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putDouble(0.5)
                .array();
        assertThat(tensor(typed(ElementType.DOUBLE, t -> t.bytes(10, half), 1)).toFloats())
                .containsExactly(0.5f);
    }

    @Test
    void repeatedFieldsMayBeUnpacked() throws IOException {
        Tensor tensor = tensor(t -> {
            t.integer(1, 2);
            t.integer(1, 1);
            t.integer(2, 1);
            t.real(4, 3);
            t.real(4, 4);
        });
        assertThat(tensor).hasToString("FLOAT[2, 1]");
        assertThat(tensor.toFloats()).containsExactly(3, 4);
    }

    @Test
    void emptyTensorsNeedNoData() throws IOException {
        assertThat(tensor(typed(ElementType.FLOAT, t -> {}, 0, 1L << 50))).hasToString("FLOAT[0, 1125899906842624]");
        assertThat(tensor(typed(ElementType.INT64, t -> t.bytes(9, new byte[8]))))
                .hasToString("INT64[]");
    }

    // Models

    @Test
    void weightsAreTheFloatingInitializersOfRankOneAndMore() {
        OnnxModel model = Wire.decode(Wire.model(23, graph -> {
            graph.message(5, initializer(t -> Wire.floats(t, 1, 2)));
            graph.message(5, message(t -> {
                t.integer(2, 1);
                t.text(8, "scalar");
                t.bytes(9, new byte[4]);
            }));
            graph.message(5, message(t -> {
                t.integers(1, new long[] {1});
                t.integer(2, 7);
                t.text(8, "axes");
                t.bytes(9, new byte[8]);
            }));
        }));
        assertThat(model.weights()).containsOnlyKeys("w");
        assertThat(model.graph().parameters()).isEqualTo(Map.of("w", TensorType.of(ElementType.FLOAT, 2)));
        assertThat(model.graph().constants()).containsOnlyKeys("scalar", "axes");
    }

    @Test
    void constantsOfAGraphMadeHereStayConstants() {
        OnnxModel model = OnnxModel.of(linear(), WEIGHTS);
        OnnxModel again = again(model);
        assertThat(again).isEqualTo(model);
        assertThat(again.graph().constants()).containsOnlyKeys("offset");
        assertThat(again.weights()).containsOnlyKeys("w");
    }

    @Test
    void inputsThatRepeatAnInitializerAreNoInputs() {
        byte[] bytes = message(model -> {
                    model.integer(1, 3);
                    model.message(7, message(graph -> {
                        graph.message(5, initializer(t -> Wire.floats(t, 1, 2)));
                        graph.message(11, value("x", ElementType.FLOAT, 2));
                        graph.message(11, value("w", ElementType.FLOAT, 2));
                    }));
                    model.message(8, message(set -> set.integer(2, 8)));
                })
                .toByteArray();
        OnnxModel model = Wire.decode(bytes);
        assertThat(model.graph().inputs()).extracting(ValueInfo::name).containsExactly("x");
        assertThat(again(model)).isEqualTo(model);
        // A reader of that old format version finds the weight among the inputs again.
        String text = new String(OnnxCodec.encode(model), StandardCharsets.ISO_8859_1);
        assertThat(text.split("w", -1)).hasSize(3);
    }

    @Test
    void everythingAboutAModelSurvives() {
        byte[] bytes = Wire.model(
                23,
                graph -> {
                    graph.text(10, "what the graph does");
                    graph.message(5, initializer(t -> {
                        Wire.floats(t, 1, 2);
                        t.text(12, "what the weight is");
                        OnnxEncoder.entry(t, 16, "origin", "somewhere");
                    }));
                    graph.message(1, node("n", "Neg", names("x", ""), names("y"), n -> {
                        n.text(6, "what the node does");
                        n.text(8, "overload");
                        n.message(5, message(a -> {
                            a.text(1, "value");
                            a.text(13, "what the attribute is");
                            a.message(5, initializer(t -> {
                                Wire.floats(t, 3, 4);
                                t.text(12, "what the tensor is");
                            }));
                        }));
                    }));
                    graph.message(11, message(v -> {
                        v.text(1, "x");
                        v.text(3, "what the input is");
                        v.message(2, message(t -> {
                            t.message(1, message(tensor -> {
                                tensor.integer(1, 1);
                                tensor.message(
                                        2,
                                        message(s -> s.message(1, message(d -> {
                                            d.text(2, "batch");
                                            d.text(3, "DATA_BATCH");
                                        }))));
                            }));
                            t.text(6, "TENSOR");
                        }));
                    }));
                    graph.message(12, value("y", ElementType.FLOAT, "batch", Dimension.UNKNOWN, 3));
                    graph.message(13, value("inner", ElementType.FLOAT, 1));
                    graph.message(14, message(q -> q.text(1, "w")));
                    graph.text(99, "from the future");
                },
                model -> {
                    model.text(2, "maker");
                    model.text(3, "1.2");
                    model.text(4, "org.example");
                    model.integer(5, 7);
                    model.text(6, "what the model is");
                    OnnxEncoder.entry(model, 14, "licence", "MIT");
                    model.message(20, message(t -> t.text(1, "training")));
                    model.text(99, "from the future");
                });
        OnnxModel model = Wire.decode(bytes);
        assertThat(model.producerName()).isEqualTo("maker");
        assertThat(model.producerVersion()).isEqualTo("1.2");
        assertThat(model.domain()).isEqualTo("org.example");
        assertThat(model.modelVersion()).isEqualTo(7);
        assertThat(model.documentation()).isEqualTo("what the model is");
        assertThat(model.metadata()).isEqualTo(Map.of("licence", "MIT"));
        assertThat(model.graph().input("x").type()).isEqualTo(TensorType.of(ElementType.FLOAT, "batch"));
        byte[] written = OnnxCodec.encode(model);
        assertThat(Wire.decode(written)).isEqualTo(model);
        String text = new String(written, StandardCharsets.ISO_8859_1);
        assertThat(text)
                .contains("what the graph does")
                .contains("what the weight is")
                .contains("somewhere")
                .contains("what the node does")
                .contains("what the attribute is")
                .contains("what the tensor is")
                .contains("what the input is")
                .contains("DATA_BATCH")
                .contains("inner")
                .contains("training");
        assertThat(text.split("from the future", -1)).hasSize(3);
    }

    @Test
    void valuesOfUnknownRankOrTypeAreReadAndWritten() {
        OnnxModel model = Wire.decode(Wire.model(23, graph -> {
            graph.message(11, message(v -> {
                v.text(1, "ranked");
                v.message(
                        2,
                        message(t -> t.message(1, message(tensor -> {
                            tensor.integer(1, 1);
                            tensor.message(2, new WireWriter());
                        }))));
            }));
            graph.message(11, message(v -> {
                v.text(1, "unranked");
                v.message(2, message(t -> t.message(1, message(tensor -> tensor.integer(1, 7)))));
            }));
            graph.message(11, message(v -> v.text(1, "untyped")));
        }));
        assertThat(again(model)).isEqualTo(model);
        assertThat(model.graph().input("ranked").type().rank()).isZero();
        TensorType unranked = model.graph().input("unranked").type();
        assertThat(unranked).isEqualTo(TensorType.unranked(ElementType.INT64)).hasToString("INT64[any rank]");
        assertThat(unranked.element()).isEqualTo(ElementType.INT64);
        assertThatThrownBy(unranked::rank)
                .hasMessage("the file does not say how many dimensions this value has; export the model with shapes");
        TensorType untyped = model.graph().input("untyped").type();
        assertThat(untyped).isEqualTo(TensorType.UNKNOWN).hasToString("[any type]");
        assertThatThrownBy(untyped::element)
                .hasMessage("the file does not say the type of this value; export the model with typed values");
    }

    @Test
    void aPreservedTypeGivesWayToAChangedOne() {
        OnnxModel model = Wire.decode(Wire.model(
                23,
                graph -> graph.message(11, message(v -> {
                    v.text(1, "x");
                    v.message(2, message(t -> {
                        t.message(1, message(tensor -> {
                            tensor.integer(1, 1);
                            tensor.message(2, new WireWriter());
                        }));
                        t.text(6, "TENSOR");
                    }));
                }))));
        ValueInfo input = model.graph().input("x");
        TensorType wider = TensorType.of(ElementType.FLOAT, 7);
        Graph changed = new Graph(
                "g",
                model.graph().opsets(),
                List.of(new ValueInfo("x", wider, input.preserved())),
                List.of(),
                List.of(),
                Map.of(),
                Map.of());
        byte[] written = OnnxCodec.encode(model.with(changed, Map.of()));
        assertThat(Wire.decode(written).graph().input("x")).isEqualTo(new ValueInfo("x", wider));
        assertThat(new String(OnnxCodec.encode(model), StandardCharsets.ISO_8859_1))
                .contains("TENSOR");
    }

    @Test
    void everyKindOfAttributeSurvives() {
        Graph body = new Graph(
                "body",
                Map.of(),
                List.of(),
                List.of(new ValueInfo("inside", TensorType.UNKNOWN)),
                List.of(new Node("", "", "Neg", List.of("x"), List.of("inside"), Map.of())),
                Map.of("table", Tensor.of(new float[] {1, 2}, 2)),
                Map.of(),
                Preserved.NOTHING);
        Map<String, Attribute> attributes = Map.of(
                "int", Attribute.of(-1),
                "real", Attribute.of(Float.NaN),
                "text", Attribute.of("naïve"),
                "ints", Attribute.ofInts(1, -2, Long.MAX_VALUE),
                "reals", new Attribute.Reals(List.of(1f, -0f)),
                "texts", new Attribute.Texts(List.of("a", "")),
                "none", Attribute.ofInts(),
                "tensor", Attribute.of(Tensor.vector(1, 2)),
                "body", new Attribute.Body(body));
        Graph graph = new Graph(
                "g",
                Map.of("", 23, "custom", 2),
                List.of(new ValueInfo("x", TensorType.of(ElementType.FLOAT))),
                List.of(new ValueInfo("y", TensorType.of(ElementType.FLOAT))),
                List.of(new Node("n", "custom", "Op", List.of("x", "", "x"), List.of("y", "", "z"), attributes)),
                Map.of(),
                Map.of());
        OnnxModel model = OnnxModel.of(graph, Map.of());
        assertThat(again(model)).isEqualTo(model);
    }

    @Test
    void valuesOfProto3WritersThatLeaveOutZeroAreRead() {
        OnnxModel model = Wire.decode(Wire.model(
                23,
                graph -> graph.message(1, node("n", "Op", names(), names("y"), n -> {
                    n.message(5, message(a -> {
                        a.text(1, "axis");
                        a.integer(20, 2);
                    }));
                    n.message(5, message(a -> {
                        a.text(1, "scale");
                        a.integer(20, 1);
                    }));
                }))));
        assertThat(model.graph().nodes().get(0).attributes())
                .isEqualTo(Map.of("axis", Attribute.of(0), "scale", Attribute.of(0f)));
    }

    @Test
    void functionsSurvive() {
        byte[] bytes = Wire.model(
                23,
                graph -> {
                    graph.message(11, value("x", ElementType.FLOAT));
                    graph.message(1, node("call", "Scale", names("x"), names("y"), n -> n.text(7, "local")));
                },
                model -> {
                    model.message(8, message(set -> {
                        set.text(1, "local");
                        set.integer(2, 1);
                    }));
                    model.message(25, GraphNormalizerFunctionTest.scale());
                });
        OnnxModel model = Wire.decode(bytes);
        assertThat(model.functions()).singleElement().satisfies(function -> {
            assertThat(function.qualifiedName()).isEqualTo("local::Scale");
            assertThat(function.attributes()).containsExactly("bias");
            assertThat(function.defaults()).isEqualTo(Map.of("by", Attribute.of(3f)));
            assertThat(function.nodes().get(0).attributes())
                    .isEqualTo(Map.of("value_float", new Attribute.Reference("by", 1)));
        });
        assertThat(again(model)).isEqualTo(model);
    }

    // What engines get

    @Test
    void stopGradientIsDefinedInTheFileAndNoFunctionWhenReadAgain() {
        byte[] bytes = OnnxCodec.encode(linear(), new WeightPlacement.Inline(WEIGHTS));
        OnnxModel model = Wire.decode(bytes);
        assertThat(new String(bytes, StandardCharsets.ISO_8859_1).split("StopGradient", -1))
                .as("node name, output, operator and function")
                .hasSizeGreaterThan(3);
        assertThat(model.functions()).isEmpty();
        assertThat(model.graph().nodes().get(1).qualifiedOperator()).isEqualTo("dev.save4j::StopGradient");
        assertThat(model.graph()).isEqualTo(linear());
        assertThat(model.weights().get("w").contentEquals(WEIGHTS.get("w"))).isTrue();
    }

    @Test
    void weightsCanBeInputs() {
        Graph graph = Wire.decode(OnnxCodec.encode(linear(), new WeightPlacement.Inputs()))
                .graph();
        assertThat(graph.inputs())
                .containsExactly(
                        new ValueInfo("x", TensorType.of(ElementType.FLOAT, "batch", 3)),
                        new ValueInfo("w", TensorType.of(ElementType.FLOAT, 2, 3)));
        assertThat(graph.parameters()).isEmpty();
    }

    @Test
    void weightsCanBePlaceholders() throws IOException {
        WeightPlacement.External placement = WeightPlacement.External.packed("store.bin", linear().parameters());
        assertThat(placement.regions()).isEqualTo(Map.of("w", new WeightPlacement.Region(0, 24)));
        assertThat(placement.fileSize()).isEqualTo(24);
        Path file = folder.resolve("skeleton.onnx");
        Files.write(file, OnnxCodec.encode(linear(), placement));
        Files.write(folder.resolve("store.bin"), new byte[24]);
        OnnxModel model = OnnxCodec.read(file);
        assertThat(model.weights().get("w").contentEquals(Tensor.allocate(ElementType.FLOAT, 2, 3)))
                .isTrue();
    }

    @Test
    void packedRegionsStartAtPages() {
        Map<String, TensorType> parameters = new java.util.LinkedHashMap<>();
        parameters.put("a", TensorType.of(ElementType.FLOAT, 1025));
        parameters.put("b", TensorType.of(ElementType.FLOAT));
        parameters.put("c", TensorType.of(ElementType.FLOAT, 0));
        WeightPlacement.External placement = WeightPlacement.External.packed("f", parameters);
        assertThat(placement.regions())
                .containsExactly(
                        Map.entry("a", new WeightPlacement.Region(0, 4100)),
                        Map.entry("b", new WeightPlacement.Region(8192, 4)),
                        Map.entry("c", new WeightPlacement.Region(12288, 0)));
        assertThat(placement.fileSize()).isEqualTo(12288);
    }

    @Test
    void weightsThatAreMissingOrOfAnotherShapeAreRefused() {
        assertThatThrownBy(() -> OnnxCodec.encode(linear(), new WeightPlacement.Inline(Map.of())))
                .hasMessage("graph 'linear': there is no tensor for its weight 'w'");
        assertThatThrownBy(() -> OnnxCodec.encode(linear(), new WeightPlacement.Inline(Map.of("w", Tensor.scalar(1f)))))
                .hasMessage("graph 'linear': weight 'w' is declared as FLOAT[2, 3] but its tensor is FLOAT[]");
        assertThatThrownBy(() -> OnnxCodec.encode(linear(), new WeightPlacement.External("f", Map.of())))
                .hasMessage("graph 'linear': external file 'f' has no region for weight 'w'");
        assertThatThrownBy(() -> new WeightPlacement.Region(-1, 2)).hasMessage("no such region: offset -1, length 2");
        assertThatThrownBy(() -> OnnxModel.of(linear(), Map.of()))
                .hasMessage("graph 'linear' has 1 weights but is given 0");
        assertThatThrownBy(() -> OnnxModel.of(linear(), Map.of("w", Tensor.scalar(1f))))
                .hasMessage("graph 'linear' is given FLOAT[] for its weight 'w', which is declared as FLOAT[2, 3]");
        assertThatThrownBy(() -> OnnxModel.of(linear(), WEIGHTS).weight("v"))
                .isInstanceOf(SaveException.class)
                .hasMessage("graph 'linear' has no weight 'v' among its 1");
    }

    // Files

    @Test
    void filesAppearWholeAndAreReplaced() throws IOException {
        Path file = folder.resolve("deep/model.onnx");
        OnnxModel model = OnnxModel.of(linear(), WEIGHTS);
        OnnxCodec.write(model, file);
        assertThat(OnnxCodec.read(file)).isEqualTo(model);
        OnnxModel other = model.withMetadata(Map.of("run", "7"));
        OnnxCodec.writeWithExternalData(other, file);
        assertThat(OnnxCodec.read(file)).isEqualTo(other);
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("model.onnx", "model.onnx.data");
        }
    }

    @Test
    void aModelAndItsDataMayBeLinkedIntoACache() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("blobs"));
        OnnxModel model = OnnxModel.of(linear(), WEIGHTS);
        Path data = OnnxCodec.writeWithExternalData(model, cache.resolve("model.onnx"));
        Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
        Files.createSymbolicLink(snapshot.resolve("model.onnx"), cache.resolve("model.onnx"));
        Files.createSymbolicLink(snapshot.resolve("model.onnx.data"), data);
        assertThat(OnnxCodec.read(snapshot.resolve("model.onnx"))).isEqualTo(model);
    }

    @Test
    void aGraphWithAnotherHeadKeepsWhatIsKnownOfTheModel() {
        OnnxModel model = OnnxModel.of(linear(), WEIGHTS).withMetadata(Map.of("licence", "MIT"));
        GraphBuilder g = new GraphBuilder("identity");
        g.output("y", g.input("x", ElementType.FLOAT, "batch").identity());
        OnnxModel other = model.with(g.build(), WEIGHTS);
        assertThat(other.weights()).isEmpty();
        assertThat(other.metadata()).isEqualTo(model.metadata());
    }
}

package dev.save4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.GradientEngine;
import dev.save4j.engine.InferenceSession;
import dev.save4j.engine.Optimization;
import dev.save4j.engine.Trainer;
import dev.save4j.engine.WeightBinding;
import dev.save4j.graph.Graph;
import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.GraphNormalizer;
import dev.save4j.graph.OnnxCodec;
import dev.save4j.graph.OnnxModel;
import dev.save4j.graph.Value;
import dev.save4j.graph.ValueInfo;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import dev.save4j.tensor.WeightStore;
import dev.save4j.testkit.reference.Numbers;
import dev.save4j.testkit.reference.ReferenceInterpreter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files in the manner of {@code torch.onnx} run as they are, and train on every gradient engine. */
class ExportedModelsTest {
    private static final int ROWS = 3;
    private static final int LENGTH = 6;
    private static final double STEP = 1e-4;

    private record Export(String name, Supplier<OnnxModel> model) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Export> exports() {
        return Stream.of(
                new Export("BERT, operator set 11", () -> BertExport.of(11)),
                new Export("BERT, operator set 14", () -> BertExport.of(14)),
                new Export("BERT, operator set 17", () -> BertExport.of(17)),
                new Export("GPT-2, operator set 13", () -> Gpt2Export.of(13, false)),
                new Export("GPT-2, operator set 18", () -> Gpt2Export.of(18, false)),
                new Export("GPT-2 with a cache, operator set 14", () -> Gpt2Export.of(14, true)),
                new Export("Llama, operator set 14", () -> LlamaExport.of(14)),
                new Export("Llama, operator set 17", () -> LlamaExport.of(17)),
                new Export("Llama, operator set 18", () -> LlamaExport.of(18)));
    }

    /** Three rows of six, four and two tokens; a cache holds two more tokens of each. */
    private static Map<String, Tensor> batch(Graph graph) {
        boolean cached = graph.inputs().stream().anyMatch(input -> input.name().startsWith("past_key_values"));
        int past = cached ? 2 : 0;
        SplittableRandom random = new SplittableRandom(5);
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        for (ValueInfo input : graph.inputs()) {
            int columns = LENGTH + (input.name().equals("attention_mask") ? past : 0);
            inputs.put(
                    input.name(),
                    switch (input.name()) {
                        case "input_ids" ->
                            Tensor.of(random.longs(ROWS * LENGTH, 0, 40).toArray(), ROWS, LENGTH);
                        case "token_type_ids" -> integers(columns, (row, column) -> column / 3);
                        case "position_ids" -> integers(columns, (row, column) -> past + column);
                        case "attention_mask" -> integers(columns, (row, column) -> column < columns - 2 * row ? 1 : 0);
                        default ->
                            random(
                                    random,
                                    ROWS,
                                    input.type().dimension(1).size(),
                                    past,
                                    input.type().dimension(3).size());
                    });
        }
        return inputs;
    }

    private interface Cell {
        long at(int row, int column);
    }

    private static Tensor integers(int columns, Cell cell) {
        long[] values = new long[ROWS * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = cell.at(i / columns, i % columns);
        }
        return Tensor.of(values, ROWS, columns);
    }

    private static Tensor random(SplittableRandom random, long... shape) {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT, shape);
        for (int i = 0; i < tensor.size(); i++) {
            tensor.floats().put(i, (float) (2 * random.nextDouble() - 1));
        }
        return tensor;
    }

    private static Map<String, float[]> runPlainly(Path file, Map<String, Tensor> inputs) throws OrtException {
        // The engine loads the library in a way that survives long command lines; there is one environment in a
        // process.
        Engines.inference().named("onnxruntime").libraries();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> fed = new HashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            try (OrtSession session = environment.createSession(file.toString(), options)) {
                for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                    Tensor tensor = input.getValue();
                    fed.put(
                            input.getKey(),
                            tensor.type() == ElementType.INT64
                                    ? OnnxTensor.createTensor(
                                            environment, java.nio.LongBuffer.wrap(tensor.toLongs()), tensor.shape())
                                    : OnnxTensor.createTensor(
                                            environment, java.nio.FloatBuffer.wrap(tensor.toFloats()), tensor.shape()));
                }
                Map<String, float[]> outputs = new TreeMap<>();
                try (OrtSession.Result result = session.run(fed)) {
                    for (Map.Entry<String, ai.onnxruntime.OnnxValue> output : result) {
                        float[] values = new float
                                [(int) ((OnnxTensor) output.getValue())
                                        .getInfo()
                                        .getNumElements()];
                        ((OnnxTensor) output.getValue()).getFloatBuffer().get(values);
                        outputs.put(output.getKey(), values);
                    }
                }
                return outputs;
            }
        } finally {
            fed.values().forEach(OnnxTensor::close);
        }
    }

    @ParameterizedTest
    @MethodSource("exports")
    void runsAsTheFileDoes(Export export, @TempDir Path folder) throws OrtException {
        OnnxModel model = export.model().get();
        Path file = folder.resolve("model.onnx");
        OnnxCodec.write(model, file);
        OnnxModel read = OnnxCodec.read(file);
        assertThat(read).isEqualTo(model);
        Graph graph = GraphNormalizer.normalize(read);
        assertThat(graph.opsets()).containsEntry("", Graph.OPSET);
        Map<String, Tensor> inputs = batch(graph);
        Map<String, float[]> expected = runPlainly(file, inputs);
        try (InferenceSession session = Engines.inference()
                .named("onnxruntime")
                .open(graph, new WeightStore(read.weights()), WeightBinding.LIVE, EngineSettings.singleThreaded())) {
            Map<String, Tensor> actual = session.run(inputs);
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, values) -> assertThat(actual.get(name).toFloats())
                    .as(name)
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(values));
        }
    }

    /** A weighted mean of all outputs, with weights of its own for each column. */
    private static Graph loss(Graph graph) {
        GraphBuilder g = new GraphBuilder("loss");
        Map<String, Value> inputs = new HashMap<>();
        graph.inputs().forEach(input -> inputs.put(input.name(), g.input(input.name(), input.type())));
        SplittableRandom random = new SplittableRandom(3);
        Value total = g.scalar(0f);
        for (Map.Entry<String, Value> output : g.include(graph, inputs).entrySet()) {
            long width = output.getValue().type().dimension(-1).size();
            Value factors = g.constant(output.getKey() + "/factors", random(random, width));
            total = total.add(output.getValue().mul(factors).mean());
        }
        g.output("loss", total);
        return g.build();
    }

    private static Map<String, Tensor> gradients(GradientEngine engine, Graph loss, OnnxModel model) {
        try (Trainer trainer = engine.open(
                new WeightStore(model.weights()),
                List.of(loss),
                Optimization.DEFAULT,
                EngineSettings.singleThreaded())) {
            trainer.accumulate(loss, batch(loss), 1);
            return trainer.gradients();
        }
    }

    @ParameterizedTest
    @MethodSource("exports")
    void trainsOnEveryEngine(Export export) {
        OnnxModel model = export.model().get();
        Graph loss = loss(GraphNormalizer.normalize(model));
        Map<String, Tensor> measure = gradients(Engines.gradient().named("onnxruntime"), loss, model);
        assertThat(measure.keySet()).isEqualTo(model.weights().keySet());
        double steepest = measure.values().stream()
                .mapToDouble(EngineParityTest::largest)
                .max()
                .orElseThrow();
        for (GradientEngine engine : Engines.gradient().all()) {
            assertThat(engine.problems(loss)).isEmpty();
            assertThat(engine.gradientProblems(loss)).isEmpty();
            Map<String, Tensor> gradients = gradients(engine, loss, model);
            assertThat(gradients.keySet()).isEqualTo(measure.keySet());
            gradients.forEach((weight, gradient) -> EngineParityTest.assertAlike(
                    engine.name() + ": gradient of '" + weight + "'",
                    gradient,
                    Objects.requireNonNull(measure.get(weight)),
                    steepest));
        }
        assertDifferences(loss, model, measure, steepest);
    }

    /** Along a direction in all weights, and along one in each of some, by differences in double precision. */
    private static void assertDifferences(Graph loss, OnnxModel model, Map<String, Tensor> gradients, double steepest) {
        List<String> all = List.copyOf(gradients.keySet());
        SplittableRandom random = new SplittableRandom(8);
        for (List<String> moved :
                List.of(all, List.of(all.get(0)), List.of(all.get(all.size() / 2)), List.of(all.get(all.size() - 1)))) {
            Map<String, double[]> direction = new HashMap<>();
            double expected = 0;
            double length = 0;
            for (String weight : moved) {
                float[] gradient = Objects.requireNonNull(gradients.get(weight)).toFloats();
                double[] step = random.doubles(gradient.length, -1, 1).toArray();
                for (int i = 0; i < step.length; i++) {
                    expected += step[i] * gradient[i];
                    length += Math.abs(step[i] * gradient[i]);
                }
                direction.put(weight, step);
            }
            double actual = (value(loss, model, direction, STEP) - value(loss, model, direction, -STEP)) / (2 * STEP);
            assertThat(actual).as("%s", moved).isCloseTo(expected, within(1e-4 * Math.max(length, 0.01 * steepest)));
        }
    }

    private static double value(Graph loss, OnnxModel model, Map<String, double[]> direction, double by) {
        Map<String, Numbers> given = new HashMap<>();
        batch(loss).forEach((name, tensor) -> given.put(name, Numbers.of(tensor)));
        model.weights().forEach((name, tensor) -> {
            Numbers weight = Numbers.of(tensor);
            double[] values = weight.values().clone();
            double[] step = direction.getOrDefault(name, new double[values.length]);
            for (int i = 0; i < values.length; i++) {
                values[i] += by * step[i];
            }
            given.put(name, Numbers.of(values, weight.shape()));
        });
        return Objects.requireNonNull(ReferenceInterpreter.outputs(loss, given).get("loss"))
                .values()[0];
    }
}

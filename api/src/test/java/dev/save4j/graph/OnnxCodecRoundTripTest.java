package dev.save4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxCodecRoundTripTest {
    @TempDir
    Path folder;

    @Test
    void everyOperatorTestSurvivesEncodingAndDecoding() throws IOException {
        List<Path> cases = OnnxFiles.operatorCases();
        for (Path operatorCase : cases) {
            OnnxModel model = OnnxCodec.read(operatorCase.resolve("model.onnx"));
            OnnxModel again = OnnxCodec.decode(ByteBuffer.wrap(OnnxCodec.encode(model)), "again");
            assertThat(again).as(operatorCase.toString()).isEqualTo(model);
        }
        assertThat(cases).hasSize(516);
    }

    @Test
    void everyTensorOfTheOperatorTestsIsRead() throws IOException {
        int tensors = 0;
        for (Path operatorCase : OnnxFiles.operatorCases()) {
            try (Stream<Path> files = Files.list(operatorCase.resolve("test_data_set_0"))) {
                for (Path file : files.toList()) {
                    OnnxCodec.readTensor(file);
                    tensors++;
                }
            }
        }
        assertThat(tensors).isEqualTo(1921);
    }

    @Test
    void aTensorFileHasItsValues() throws IOException {
        Path data = OnnxFiles.operatorCase("test_and2d").resolve("test_data_set_0");
        Tensor left = OnnxCodec.readTensor(data.resolve("input_0.pb"));
        Tensor right = OnnxCodec.readTensor(data.resolve("input_1.pb"));
        Tensor result = OnnxCodec.readTensor(data.resolve("output_0.pb"));
        assertThat(left).hasToString("BOOL[3, 4]");
        for (int i = 0; i < 12; i++) {
            assertThat(result.toLongs()[i]).isEqualTo(left.toLongs()[i] & right.toLongs()[i]);
        }
    }

    @Test
    void aRealExportKeepsEverythingAndSplitsWeightsFromConstants() throws IOException {
        OnnxModel model = OnnxCodec.read(OnnxFiles.miniLm(folder));

        assertThat(model.weights()).hasSize(101);
        assertThat(model.weights().values().stream().mapToLong(Tensor::size).sum())
                .isEqualTo(22_565_376);
        assertThat(model.graph().constants()).containsOnlyKeys("embeddings.position_ids");
        assertThat(model.graph().nodes()).hasSize(637);
        assertThat(model.graph().opsets()).isEqualTo(Map.of("", 11));
        assertThat(model.irVersion()).isEqualTo(6);
        assertThat(model.producerName()).isEqualTo("pytorch");
        assertThat(model.graph().inputs())
                .extracting(ValueInfo::name)
                .containsExactly("input_ids", "attention_mask", "token_type_ids");
        assertThat(model.graph().outputs().get(0).type())
                .isEqualTo(TensorType.of(ElementType.FLOAT, "batch_size", "sequence_length", 384));

        Path inside = folder.resolve("inside.onnx");
        OnnxCodec.write(model, inside);
        assertThat(OnnxCodec.read(inside)).isEqualTo(model);

        Path outside = folder.resolve("outside.onnx");
        Path data = OnnxCodec.writeWithExternalData(model, outside);
        assertThat(data).hasFileName("outside.onnx.data");
        assertThat(Files.size(outside)).isLessThan(200_000);
        assertThat(OnnxCodec.read(outside)).isEqualTo(model);
    }
}

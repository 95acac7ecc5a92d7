package dev.save4j.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import dev.save4j.SaveException;
import dev.save4j.engine.Completion;
import dev.save4j.engine.DecoderGraph;
import dev.save4j.engine.Device;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.RolloutRequest;
import dev.save4j.engine.RolloutSession;
import dev.save4j.engine.Sampling;
import dev.save4j.engine.WeightBinding;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What can be known of GPUs without one: options, the graph for them, and how they are refused. */
class DevicesTest {
    private static final TinyLlama LLAMA = TinyLlama.SMALL;
    private static final WeightStore WEIGHTS = LLAMA.weights(1);
    private static final Device CUDA = new Device(Device.Kind.CUDA, 1, 3L << 30, ElementType.FLOAT16);
    private static final Device TENSORRT = new Device(Device.Kind.TENSORRT, 0, 1L << 30, ElementType.FLOAT16);

    private static EngineSettings on(Device device) {
        return new EngineSettings(1, Path.of(System.getProperty("java.io.tmpdir")), device);
    }

    private static DecoderGraph half(ElementType type) {
        DecoderGraph decoder = LLAMA.decoder();
        return new DecoderGraph(
                HalfAttention.of(decoder.graph(), type),
                decoder.layers(),
                decoder.kvHeads(),
                decoder.headSize(),
                decoder.vocabulary(),
                decoder.maxLength());
    }

    @Test
    void optionsSayHowMuchMemoryASessionMayTake() {
        assertThat(Devices.cuda(CUDA))
                .containsEntry("gpu_mem_limit", "3221225472")
                .containsEntry("use_tf32", "0")
                .containsEntry("sdpa_kernel", "3");
        assertThat(Devices.cuda(new Device(Device.Kind.CUDA, 0, 0, ElementType.BFLOAT16)))
                .doesNotContainKey("gpu_mem_limit");
        assertThat(Devices.tensorRt(TENSORRT)).containsEntry("trt_max_workspace_size", "1073741824");
    }

    @Test
    void aLibraryWithoutTheDeviceIsRefusedWithWhatToDo() {
        assertThatThrownBy(() -> Devices.requireBuild(Device.Kind.CUDA, EnumSet.of(OrtProvider.CPU)))
                .isInstanceOfSatisfying(
                        SaveException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessageStartingWith("the device cuda was asked for, but ONNX Runtime ")
                .hasMessageEndingWith(
                        "(it has [CPU]): build save4j with the profile gpu (./mvnw -Pgpu package), or take the device cpu");
        Devices.requireBuild(
                Device.Kind.TENSORRT, EnumSet.of(OrtProvider.CPU, OrtProvider.CUDA, OrtProvider.TENSOR_RT));
    }

    @Test
    void aMissingDriverIsAMatterOfResources() {
        SaveException refused = Devices.unavailable(
                CUDA,
                new OrtException("/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988"
                        + " onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL :"
                        + " Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.12:"
                        + " cannot open shared object file: No such file or directory"));
        assertThat(refused.kind()).isEqualTo(SaveException.Kind.RESOURCES);
        assertThat(refused)
                .hasMessage("the device cuda 1 cannot be used: Failed to load library libonnxruntime_providers_cuda.so"
                        + " with error: libcublasLt.so.12: cannot open shared object file: No such file or directory."
                        + " It needs an NVIDIA GPU with its driver and CUDA 12 on the library path."
                        + " Take the device cpu to do without");
    }

    @Test
    void aMissingLibraryThatShowsWhileRunningIsAMatterOfResources() {
        SaveException failed = Failures.decoding(
                LLAMA.decoder().graph(),
                new OrtException(
                        "Non-zero status code returned while running ReduceSum node. Name:'pool' Status Message:"
                                + " cuDNN is unavailable or disabled for CUDA Execution Provider"));
        assertThat(failed.kind()).isEqualTo(SaveException.Kind.RESOURCES);
        assertThat(failed).hasMessageContaining("cuDNN 9").hasMessageEndingWith("Take the device cpu to do without.");
    }

    @Test
    void onAMachineWithoutAGpuNothingIsOpened() {
        assertThatThrownBy(() -> new OnnxRuntimeEngine().open(LLAMA.scorer(), WEIGHTS, WeightBinding.LIVE, on(CUDA)))
                .isInstanceOf(SaveException.class)
                .hasMessageStartingWith("the device cuda");
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, 2, on(CUDA)))
                .isInstanceOf(SaveException.class)
                .hasMessageStartingWith("the device cuda");
    }

    @Test
    void tensorRtTakesOnlyWeightsThatNeverChange() {
        assertThatThrownBy(
                        () -> new OnnxRuntimeEngine().open(LLAMA.scorer(), WEIGHTS, WeightBinding.LIVE, on(TENSORRT)))
                .hasMessageContaining("for models whose weights never change; bind them as PREPACKED");
        assertThatThrownBy(() -> new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, 2, on(TENSORRT)))
                .hasMessageContaining("those of a policy change");
        assertThat(TENSORRT.forChangingWeights().kind()).isEqualTo(Device.Kind.CUDA);
        assertThat(OnnxRuntimeEngine.fitting(WeightBinding.LIVE, Device.Kind.CUDA))
                .isEqualTo(WeightBinding.INPUT);
        assertThat(OnnxRuntimeEngine.fitting(WeightBinding.PREPACKED, Device.Kind.TENSORRT))
                .isEqualTo(WeightBinding.PREPACKED);
    }

    @Test
    void attentionInHalfPrecisionSamplesAlmostTheSame() {
        Sampling greedy = new Sampling(0, 0, 1, 20, Set.of());
        List<RolloutRequest> requests = List.of(new RolloutRequest(new int[] {3, 5, 8}, 1, 1));
        Completion single;
        Completion half;
        try (RolloutSession session = new OnnxRuntimeRollouts().open(LLAMA.decoder(), WEIGHTS, 2, on(Device.CPU))) {
            single = session.generate(requests, greedy).get(0).get(0);
        }
        try (RolloutSession session =
                new OnnxRuntimeRolloutSession(half(ElementType.FLOAT16), WEIGHTS, 2, on(Device.CPU), true)) {
            half = session.generate(requests, greedy).get(0).get(0);
        }
        float largest = 0;
        int alike = 0;
        // Behind the first token that differs the sequences are of different texts.
        while (alike < single.tokens().length && single.tokens()[alike] == half.tokens()[alike]) {
            largest = Math.max(largest, Math.abs(single.logProbs()[alike] - half.logProbs()[alike]));
            alike++;
        }
        assertThat(alike).isGreaterThan(5);
        assertThat(largest).isGreaterThan(0).isLessThan(0.01f);
    }

    @Test
    void attentionInBrainFloatsIsOfTheRightTypes() {
        // Types are checked before a kernel is looked for, and the CPU has none.
        assertThatThrownBy(() ->
                        new OnnxRuntimeRolloutSession(half(ElementType.BFLOAT16), WEIGHTS, 2, on(Device.CPU), true))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining("implementation for GroupQueryAttention");
    }
}

package dev.save4j.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import dev.save4j.SaveException;
import dev.save4j.engine.Device;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Lets sessions compute on a device. */
final class Devices {
    /** Flash attention and the memory-efficient one, by their bits in ONNX Runtime's {@code AttentionBackend}. */
    private static final String OWN_ATTENTION = "3";

    private Devices() {}

    /** A USER error when this build of the library has no code for the device, a RESOURCES error when the device or its driver is missing. */
    static void use(SessionOptions options, Device device) {
        if (device.isCpu()) {
            return;
        }
        Natives.environment();
        requireBuild(device.kind(), OrtEnvironment.getAvailableProviders());
        try {
            if (device.kind() == Device.Kind.TENSORRT) {
                try (OrtTensorRTProviderOptions tensorRt = new OrtTensorRTProviderOptions(device.id())) {
                    for (Map.Entry<String, String> option : tensorRt(device).entrySet()) {
                        tensorRt.add(option.getKey(), option.getValue());
                    }
                    options.addTensorrt(tensorRt);
                }
            }
            // Behind TensorRT for the nodes that it does not take.
            try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(device.id())) {
                for (Map.Entry<String, String> option : cuda(device).entrySet()) {
                    cuda.add(option.getKey(), option.getValue());
                }
                options.addCUDA(cuda);
            }
        } catch (OrtException failed) {
            throw unavailable(device, failed);
        }
    }

    static Map<String, String> cuda(Device device) {
        Map<String, String> options = new LinkedHashMap<>();
        // Ten bits of mantissa instead of twenty-three would part the scores from those of the CPU.
        options.put("use_tf32", "0");
        // Grows by what is asked for, not by powers of two: several sessions share the device.
        options.put("arena_extend_strategy", "kSameAsRequested");
        // That of cuDNN, the default from compute capability 9.0 on, writes nothing at the padding of prompts. The next
        // layer would read whatever lay there, and not-a-number times no weight is not a number.
        options.put("sdpa_kernel", OWN_ATTENTION);
        if (device.memoryLimit() > 0) {
            options.put("gpu_mem_limit", String.valueOf(device.memoryLimit()));
        }
        return options;
    }

    static Map<String, String> tensorRt(Device device) {
        return device.memoryLimit() > 0
                ? Map.of("trt_max_workspace_size", String.valueOf(device.memoryLimit()))
                : Map.of();
    }

    /** Those for which this build of the library has code; whether a GPU is there shows when it is used. */
    static List<String> inBuild(Device.Kind... kinds) {
        Natives.environment();
        Set<OrtProvider> available = OrtEnvironment.getAvailableProviders();
        return Arrays.stream(kinds)
                .filter(kind -> available.contains(provider(kind)))
                .map(Devices::name)
                .toList();
    }

    private static OrtProvider provider(Device.Kind kind) {
        return switch (kind) {
            case CPU -> OrtProvider.CPU;
            case CUDA -> OrtProvider.CUDA;
            case TENSORRT -> OrtProvider.TENSOR_RT;
        };
    }

    static void requireBuild(Device.Kind kind, Set<OrtProvider> available) {
        if (!available.contains(provider(kind))) {
            throw SaveException.user(
                    "the device " + name(kind) + " was asked for, but ONNX Runtime " + Natives.version()
                            + " is here without it (it has " + available
                            + "): build save4j with the profile gpu (./mvnw -Pgpu package), or take the device cpu");
        }
    }

    static SaveException unavailable(Device device, OrtException failure) {
        return SaveException.resources(
                "the device " + name(device.kind()) + " " + device.id() + " cannot be used: "
                        + Failures.said(failure)
                        + " It needs an NVIDIA GPU with its driver and CUDA 12"
                        + (device.kind() == Device.Kind.TENSORRT ? ", cuDNN 9 and TensorRT 10" : "")
                        + " on the library path. Take the device cpu to do without",
                failure);
    }

    private static String name(Device.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}

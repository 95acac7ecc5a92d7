package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The process-wide environment of ONNX Runtime, and its tensors over our memory. The native library is loaded by the first call. */
final class Natives {
    /**
     * For the thread that creates the environment. ONNX Runtime 1.29 matches the command line of the process against a regular expression there, and
     * recurses about 260 bytes deep for each character: a class path of 4 kB overflows the usual stack of 1 MB, which ends the JVM without a word.
     * Enough for the longest argument that Linux admits, 128 kB; untouched pages cost nothing.
     */
    private static final long CREATION_STACK = 64L << 20;

    private Natives() {}

    /** Created once, by the first call. */
    private static final class Created {
        private static final FutureTask<OrtEnvironment> ENVIRONMENT = new FutureTask<>(() -> {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            environment.setTelemetry(false);
            return environment;
        });

        static {
            new Thread(null, ENVIRONMENT, "save4j-onnxruntime-start", CREATION_STACK).start();
        }
    }

    static OrtEnvironment environment() {
        try {
            return Created.ENVIRONMENT.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("interrupted while ONNX Runtime was loading", interrupted);
        } catch (ExecutionException failed) {
            Throwable failure = Objects.requireNonNull(failed.getCause());
            throw SaveException.engine(
                    "the native library of ONNX Runtime could not be loaded on " + System.getProperty("os.name") + " "
                            + System.getProperty("os.arch") + " (" + failure
                            + "); it needs Linux with glibc 2.28 or newer, Windows x64 or macOS on ARM",
                    failure);
        }
    }

    /** Of the library, without loading it. */
    static String version() {
        String version = OrtEnvironment.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    static Map<String, String> libraries() {
        return Map.of("ONNX Runtime", environment().getVersion());
    }

    /** Whether {@link #wrap} can hold such tensors: the Java interface of ONNX Runtime has no unsigned types beyond 8 bits. */
    static boolean holds(ElementType element) {
        return element != ElementType.UINT16 && element != ElementType.UINT32 && element != ElementType.UINT64;
    }

    /** A native tensor over the same memory; whoever asked closes it. */
    static OnnxTensor wrap(Tensor tensor) throws OrtException {
        return OnnxTensor.createTensor(environment(), tensor.bytes(), tensor.shape(), javaType(tensor.type()));
    }

    private static OnnxJavaType javaType(ElementType element) {
        return switch (element) {
            case FLOAT -> OnnxJavaType.FLOAT;
            case DOUBLE -> OnnxJavaType.DOUBLE;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            case INT8 -> OnnxJavaType.INT8;
            case INT16 -> OnnxJavaType.INT16;
            case INT32 -> OnnxJavaType.INT32;
            case INT64 -> OnnxJavaType.INT64;
            case UINT8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
            case UINT16, UINT32, UINT64 ->
                throw SaveException.internal("the Java interface of ONNX Runtime has no " + element + " tensors");
        };
    }

    static void closeAll(Collection<OnnxTensor> tensors) {
        tensors.forEach(OnnxTensor::close);
    }
}

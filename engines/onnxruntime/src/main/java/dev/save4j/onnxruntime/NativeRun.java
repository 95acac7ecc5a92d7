package dev.save4j.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.save4j.SaveException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * The native method behind {@link OrtSession#run}, which is private. The public one makes its arrays of names and handles and an object of results in
 * every run, some 2 kB. Where the private members are not as they are in ONNX Runtime 1.29, or their module is closed, {@link #reachable()} is false.
 */
final class NativeRun {
    private static final @Nullable Members MEMBERS = find();

    /** @param allocator of a session */
    private record Members(
            MethodHandle run, MethodHandle tensor, MethodHandle session, MethodHandle allocator, MethodHandle api) {}

    private NativeRun() {}

    private static @Nullable Members find() {
        try {
            MethodHandles.Lookup inside = MethodHandles.privateLookupIn(OrtSession.class, MethodHandles.lookup());
            Class<?> allocator = inside.findClass("ai.onnxruntime.OrtAllocator");
            return new Members(
                    inside.findVirtual(
                            OrtSession.class,
                            "run",
                            MethodType.methodType(
                                    boolean[].class,
                                    long.class,
                                    long.class,
                                    long.class,
                                    String[].class,
                                    long[].class,
                                    long.class,
                                    String[].class,
                                    long.class,
                                    OnnxValue[].class,
                                    long[].class,
                                    long.class)),
                    inside.findVirtual(OnnxTensorLike.class, "getNativeHandle", MethodType.methodType(long.class))
                            .asType(MethodType.methodType(long.class, OnnxTensor.class)),
                    inside.findGetter(OrtSession.class, "nativeHandle", long.class),
                    MethodHandles.filterReturnValue(
                            inside.findGetter(OrtSession.class, "allocator", allocator),
                            inside.findGetter(allocator, "handle", long.class)),
                    inside.findStaticGetter(
                            inside.findClass("ai.onnxruntime.OnnxRuntime"), "ortApiHandle", long.class));
        } catch (ReflectiveOperationException unreachable) {
            return null;
        }
    }

    static boolean reachable() {
        return MEMBERS != null;
    }

    /** The native handle of an open tensor. */
    static long handle(OnnxTensor tensor) {
        try {
            return (long) members().tensor().invokeExact(tensor);
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    /** Runs an open session on open tensors. */
    static void run(
            OrtSession session,
            String[] inputNames,
            long[] inputs,
            String[] outputNames,
            OnnxValue[] outputs,
            long[] outputHandles)
            throws OrtException {
        Members members = members();
        try {
            boolean[] owned = (boolean[]) members.run()
                    .invokeExact(
                            session,
                            (long) members.api().invokeExact(),
                            (long) members.session().invokeExact(session),
                            (long) members.allocator().invokeExact(session),
                            inputNames,
                            inputs,
                            (long) inputs.length,
                            outputNames,
                            (long) outputNames.length,
                            outputs,
                            outputHandles,
                            0L);
        } catch (OrtException failure) {
            throw failure;
        } catch (Throwable failure) {
            throw unexpected(failure);
        }
    }

    private static Members members() {
        if (MEMBERS == null) {
            throw SaveException.internal("the native method of ONNX Runtime's sessions is out of reach");
        }
        return MEMBERS;
    }

    private static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException known) {
            return known;
        }
        return SaveException.internal("ONNX Runtime threw " + failure, failure);
    }
}

package dev.save4j.pytorch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.save4j.SaveException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Loads PyTorch's native library, once per process, without a network. */
final class TorchLibrary {
    private static final String VERSION_FILE = "jnilib/pytorch.properties";

    private TorchLibrary() {}

    /** The version of the native library that is on the class path, read without loading it. */
    static String version() {
        try (InputStream file = TorchLibrary.class.getClassLoader().getResourceAsStream(VERSION_FILE)) {
            if (file == null) {
                return "not on the class path";
            }
            Properties properties = new Properties();
            properties.load(file);
            return properties.getProperty("jni_version", "unknown");
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + VERSION_FILE, failure);
        }
    }

    /** The versions of what is loaded, which it loads if need be. */
    static Map<String, String> libraries() {
        try (NDManager manager = manager()) {
            return new TreeMap<>(Map.of("PyTorch", manager.getEngine().getVersion(), "DJL", Engine.getDjlVersion()));
        }
    }

    /**
     * A manager of native arrays, owned by the caller. Loads the library first if need be: an ENGINE error tells what to do when it is missing.
     */
    static NDManager manager() {
        // DJL reads both from the environment first and from system properties next, when its first class is used.
        setDefault("ai.djl.offline");
        setDefault("OPT_OUT_TRACKING");
        try {
            // On a device of its own choice DJL would copy the weights instead of sharing them.
            return NDManager.newBaseManager(Device.cpu(), "PyTorch");
        } catch (LinkageError | RuntimeException failure) {
            throw unavailable(failure);
        }
    }

    static SaveException unavailable(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return SaveException.engine(
                "engine 'djl-pytorch' cannot load PyTorch's native library (" + cause.getMessage()
                        + "). Nothing is downloaded at run time: put ai.djl.pytorch:pytorch-jni and the"
                        + " ai.djl.pytorch:pytorch-native-cpu of this platform on the class path, or set PYTORCH_LIBRARY_PATH,"
                        + " PYTORCH_VERSION and PYTORCH_FLAVOR to a libtorch of version 2.7.1. The library is unpacked once to"
                        + " the folder DJL_CACHE_DIR, which must be writable and have 450 MB free.",
                failure);
    }

    private static void setDefault(String property) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, "true");
        }
    }
}

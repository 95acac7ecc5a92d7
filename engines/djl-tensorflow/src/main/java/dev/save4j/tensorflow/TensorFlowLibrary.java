package dev.save4j.tensorflow;

import ai.djl.engine.Engine;
import dev.save4j.SaveException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Loads TensorFlow's native library, once per process, without a network. */
final class TensorFlowLibrary {
    private static final String VERSION_FILE = "META-INF/maven/org.tensorflow/tensorflow-core-native/pom.properties";

    private static boolean loaded;

    private TensorFlowLibrary() {}

    /** The version of TensorFlow for Java whose native library is on the class path, read without loading it. */
    static String version() {
        try (InputStream file = TensorFlowLibrary.class.getClassLoader().getResourceAsStream(VERSION_FILE)) {
            if (file == null) {
                return "not on the class path";
            }
            Properties properties = new Properties();
            properties.load(file);
            return properties.getProperty("version", "unknown");
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + VERSION_FILE, failure);
        }
    }

    /** The versions of what is loaded, which it loads if need be. */
    static Map<String, String> libraries() {
        load(1);
        Map<String, String> libraries = new TreeMap<>();
        libraries.put("TensorFlow", tensorflow.TF_Version().getString());
        libraries.put("TensorFlow for Java", version());
        libraries.put("DJL", Engine.getDjlVersion());
        return libraries;
    }

    /**
     * Loads the library and DJL's engine if need be: an ENGINE error tells what to do when it is missing.
     *
     * @param threads of one operation, which the first caller sets for the process
     */
    static synchronized void load(int threads) {
        if (loaded) {
            return;
        }
        // DJL reads both from the environment first and from system properties next, when its first class is used.
        setDefault("ai.djl.offline", "true");
        setDefault("OPT_OUT_TRACKING", "true");
        // Its eager context is the first to ask for the pool of threads that all sessions share.
        setDefault("ai.djl.tensorflow.num_intraop_threads", Integer.toString(threads));
        setDefault("ai.djl.tensorflow.num_interop_threads", "1");
        // JavaCPP counts the whole process, not what it allocated, and refuses memory beyond the size of the heap.
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        String resource =
                "/org/tensorflow/internal/c_api/" + Loader.getPlatform() + "/" + System.mapLibraryName("jnitensorflow");
        if (tensorflow.class.getResource(resource) == null) {
            throw unavailable("there is no " + resource + " on the class path", null);
        }
        try {
            String library = Loader.load(tensorflow.class);
            // Without a folder to look into DJL would try a download; JavaCPP has loaded the library already.
            setDefault("TENSORFLOW_LIBRARY_PATH", new File(library).getParent());
            Engine.getEngine("TensorFlow");
        } catch (LinkageError | RuntimeException failure) {
            Throwable cause = failure;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw unavailable(String.valueOf(cause.getMessage()), failure);
        }
        loaded = true;
    }

    private static SaveException unavailable(String why, @Nullable Throwable cause) {
        String message = "engine 'djl-tensorflow' cannot load TensorFlow's native library (" + why
                + "). Nothing is downloaded at run time: put org.tensorflow:tensorflow-core-native with the classifier of this"
                + " platform, " + Loader.getPlatform()
                + ", on the class path. The library is unpacked once to the folder"
                + " org.bytedeco.javacpp.cachedir, by default ~/.javacpp/cache, which must be writable and have 700 MB free.";
        return cause == null ? SaveException.engine(message) : SaveException.engine(message, cause);
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}

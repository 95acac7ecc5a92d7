package dev.save4j.models;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.tensor.SafeTensors;
import dev.save4j.tensor.WeightStore;
import dev.save4j.tokenizers.JsonFiles;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A model on disk as Hugging Face lays it out: {@code config.json}, the weights as {@code model.safetensors}, as shards with their index, or as an
 * ONNX file, and the files of the tokenizer. Immutable; it holds a path, and reads when asked.
 */
public final class ModelFolder {
    private static final String CONFIG = "config.json";
    private static final String ONNX = "model.onnx";
    /** Where exporters of Hugging Face put it. */
    private static final String EXPORTED_ONNX = "onnx/model.onnx";
    /** The key in {@code config.json} that names another ONNX file. */
    private static final String ONNX_KEY = "model_file";

    private static final List<String> OLD_CHECKPOINTS =
            List.of("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack");

    private final Path path;

    private ModelFolder(Path path) {
        this.path = path;
    }

    /** A USER error when there is no such folder, or nothing in it that belongs to a model. */
    public static ModelFolder open(Path path) {
        if (!Files.isDirectory(path)) {
            throw SaveException.user(
                    Files.exists(path)
                            ? path + " is a file; name the folder of a model"
                            : "there is no model folder " + path);
        }
        ModelFolder folder = new ModelFolder(path);
        if (!folder.has(CONFIG) && !folder.has(ONNX) && !folder.hasCheckpoint()) {
            throw folder.lacks(
                    "model", CONFIG + ", " + SafeTensors.FILE_NAME + ", " + SafeTensors.INDEX_NAME + " and " + ONNX);
        }
        return folder;
    }

    public Path path() {
        return path;
    }

    /** The settings of the model; a USER error when there are none or they are no JSON. */
    public JsonNode config() {
        if (!has(CONFIG)) {
            throw lacks("settings", CONFIG);
        }
        return JsonFiles.readObject(path.resolve(CONFIG));
    }

    /** Whether the weights are in safetensors files. */
    public boolean hasCheckpoint() {
        return has(SafeTensors.FILE_NAME) || has(SafeTensors.INDEX_NAME);
    }

    /** Reads {@code model.safetensors} or the shards; a USER error when there are neither. Floating weights become FLOAT. */
    public WeightStore weights() {
        if (!hasCheckpoint()) {
            throw lacks("weights", SafeTensors.FILE_NAME + " and " + SafeTensors.INDEX_NAME);
        }
        return SafeTensors.read(path);
    }

    /**
     * The ONNX file, if there is one: that which {@code model_file} in {@code config.json} names, {@code model.onnx}, or {@code onnx/model.onnx}. A
     * USER error when the one that is named is missing.
     */
    public Optional<Path> onnx() {
        String name = has(CONFIG) ? config().path(ONNX_KEY).asString("") : "";
        if (!name.isEmpty()) {
            if (!isPlainName(name)) {
                throw SaveException.user(path.resolve(CONFIG) + " names '" + name + "' as " + ONNX_KEY
                        + ", which is not the name of a file in the folder");
            }
            if (!has(name)) {
                throw lacks("ONNX file of the name that " + CONFIG + " gives", name);
            }
            return Optional.of(path.resolve(name));
        }
        return Stream.of(ONNX, EXPORTED_ONNX)
                .filter(this::has)
                .map(path::resolve)
                .findFirst();
    }

    /** {@link #onnx()} or a USER error saying what is there instead. */
    public Path requireOnnx() {
        return onnx().orElseThrow(() -> lacks("ONNX file", ONNX + " and " + EXPORTED_ONNX));
    }

    /** Opens the tokenizer, which the caller closes; a USER error when there is none. */
    public Tokenizer tokenizer() {
        return Tokenizers.open(path);
    }

    /** Copies the files of the tokenizer as they are into an existing folder; a USER error when there is no tokenizer. */
    public void copyTokenizerTo(Path folder) {
        try (Tokenizer tokenizer = tokenizer()) {
            tokenizer.writeTo(folder);
        }
    }

    /**
     * Writes {@code config.json}, {@code model.safetensors} and a tokenizer as a new folder that appears complete or not at all. A USER error when the
     * folder exists and is not empty.
     *
     * @param tokenizer writes the files of the tokenizer: {@code tokenizer::writeTo}, or {@link #copyTokenizerTo} of another folder
     */
    public static ModelFolder write(
            Path target, JsonNode config, WeightStore weights, AtomicFiles.FolderContent tokenizer) {
        return write(target, config, folder -> {
            SafeTensors.write(weights, folder.resolve(SafeTensors.FILE_NAME));
            tokenizer.writeTo(folder);
        });
    }

    /** Writes {@code config.json} and whatever files make up the model, as {@link #write(Path, JsonNode, WeightStore, AtomicFiles.FolderContent)} does. */
    public static ModelFolder write(Path target, JsonNode config, AtomicFiles.FolderContent files) {
        AtomicFiles.writeFolder(target, folder -> {
            AtomicFiles.write(folder.resolve(CONFIG), JsonFiles.text(config));
            files.writeTo(folder);
        });
        return open(target);
    }

    private boolean has(String name) {
        return Files.isRegularFile(path.resolve(name));
    }

    private static boolean isPlainName(String name) {
        return !name.equals("..") && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':');
    }

    private SaveException lacks(String what, String names) {
        Optional<String> old = OLD_CHECKPOINTS.stream().filter(this::has).findFirst();
        return SaveException.user("the model folder " + path + " has no " + what + ": looked for " + names + ", found "
                + listing()
                + old.map(name ->
                                ". Convert " + name + " with Transformers: save_pretrained(…, safe_serialization=True)")
                        .orElse(""));
    }

    private String listing() {
        try (Stream<Path> files = Files.list(path)) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).sorted().toList();
            return names.isEmpty() ? "nothing" : String.join(", ", names);
        } catch (IOException failed) {
            throw SaveException.resources("cannot list " + path + ": " + failed, failed);
        }
    }
}

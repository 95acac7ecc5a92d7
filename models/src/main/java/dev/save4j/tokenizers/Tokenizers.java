package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Opens the tokenizer of a model folder by the files that are there. */
public final class Tokenizers {
    /** Hugging Face's fast tokenizers. */
    public static final String HUGGING_FACE = "tokenizer.json";
    /** The settings beside it, or alone the marker of a {@link ByteTokenizer}. */
    public static final String CONFIG = "tokenizer_config.json";
    /** llama2.c. */
    public static final String LLAMA_C = "tokenizer.bin";
    /** The closed list of a {@link WordTokenizer}. */
    public static final String WORDS = "words.json";

    private static final String STORIES = "tok512.bin";
    private static final String ENCODER = "encoder.json";
    private static final String BPE = "vocab.bpe";
    private static final String VOCABULARY = "vocab.json";
    private static final String MERGES = "merges.txt";

    private Tokenizers() {}

    /**
     * Opens the first of tokenizer.json, words.json, tokenizer.bin, tok512.bin, encoder.json with vocab.bpe, a tokenizer_config.json that names
     * ByteTokenizer, and vocab.json with merges.txt of a GPT2Tokenizer. A USER error saying what was looked for and what is there when the folder
     * has none. The caller closes the tokenizer.
     *
     * @param modelFolder a folder, or one file: a words.json, a .bin of llama2.c, or a tokenizer.json under any name that ends in .json
     */
    public static Tokenizer open(Path modelFolder) {
        if (Files.isRegularFile(modelFolder)) {
            return openFile(modelFolder);
        }
        if (!Files.isDirectory(modelFolder)) {
            throw SaveException.user("there is no model folder " + modelFolder);
        }
        if (has(modelFolder, HUGGING_FACE)) {
            return HuggingFaceTokenizer.open(modelFolder.resolve(HUGGING_FACE));
        }
        if (has(modelFolder, WORDS)) {
            return WordTokenizer.open(modelFolder.resolve(WORDS));
        }
        for (String name : List.of(LLAMA_C, STORIES)) {
            if (has(modelFolder, name)) {
                return LlamaCTokenizer.open(modelFolder.resolve(name));
            }
        }
        if (has(modelFolder, ENCODER) && has(modelFolder, BPE)) {
            return HuggingFaceTokenizer.openGpt2(modelFolder.resolve(ENCODER), modelFolder.resolve(BPE));
        }
        String named = has(modelFolder, CONFIG)
                ? JsonFiles.readObject(modelFolder.resolve(CONFIG))
                        .path("tokenizer_class")
                        .asString("")
                : "";
        if (named.equals(ByteTokenizer.CLASS_NAME)) {
            return new ByteTokenizer();
        }
        // Other models have files of these names too, but split text in another way.
        if (named.startsWith("GPT2Tokenizer") && has(modelFolder, VOCABULARY) && has(modelFolder, MERGES)) {
            return HuggingFaceTokenizer.openGpt2(modelFolder.resolve(VOCABULARY), modelFolder.resolve(MERGES));
        }
        throw SaveException.user(
                "the folder " + modelFolder + " has no tokenizer: looked for " + HUGGING_FACE + ", " + WORDS
                        + ", " + LLAMA_C + ", " + STORIES + ", " + ENCODER + " with " + BPE + ", and a " + CONFIG
                        + " with \"tokenizer_class\": \""
                        + ByteTokenizer.CLASS_NAME + "\", found " + listing(modelFolder)
                        + hint(modelFolder));
    }

    private static Tokenizer openFile(Path file) {
        String name = file.getFileName().toString();
        if (name.endsWith(WORDS)) {
            return WordTokenizer.open(file);
        }
        if (name.endsWith(".bin")) {
            return LlamaCTokenizer.open(file);
        }
        if (name.endsWith(".json")) {
            return HuggingFaceTokenizer.open(file);
        }
        throw SaveException.user(file + " is not a tokenizer file; expected a " + HUGGING_FACE + ", a " + WORDS
                + " or a " + LLAMA_C + ", or the folder of a model");
    }

    private static String hint(Path folder) {
        boolean convertible = has(folder, MERGES) || has(folder, "tokenizer.model") || has(folder, "vocab.txt");
        return convertible
                ? ". Transformers converts it: AutoTokenizer.from_pretrained(…).save_pretrained(…) writes tokenizer.json"
                : "";
    }

    private static boolean has(Path folder, String name) {
        return Files.isRegularFile(folder.resolve(name));
    }

    private static String listing(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).sorted().toList();
            return names.isEmpty() ? "nothing" : String.join(", ", names);
        } catch (IOException failed) {
            throw SaveException.resources("cannot list " + folder + ": " + failed, failed);
        }
    }
}

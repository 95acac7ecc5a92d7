package dev.save4j.tensor;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Checkpoints in the safetensors format of Hugging Face, the one way in which weights reach the disk and come back. A checkpoint is named by its
 * {@code .safetensors} file, by the {@code .index.json} of its shards, or by the folder that holds {@code model.safetensors} or
 * {@code model.safetensors.index.json}.
 *
 * <p>Files are read through memory-mapped windows and may be larger than 2 GiB; one tensor may not. Whatever in a file contradicts itself is a
 * USER error with the names of file and tensor, before any weight is made or changed.
 */
public final class SafeTensors {
    /** File name of an unsharded checkpoint in a model folder. */
    public static final String FILE_NAME = "model.safetensors";
    /** File name of the index of a sharded checkpoint in a model folder. */
    public static final String INDEX_NAME = "model.safetensors.index.json";

    private static final int CONVERTED_AT_ONCE = 1 << 16;
    private static final int NAMES_SHOWN = 5;

    private SafeTensors() {}

    /** Reads all tensors: F64, F16 and BF16 become FLOAT, integer and boolean tensors keep their type. */
    public static WeightStore read(Path checkpoint) {
        return read(checkpoint, name -> true);
    }

    /** Reads the tensors whose names are wanted, in the order of the file; the others cost nothing but their place in the header. */
    public static WeightStore read(Path checkpoint, Predicate<String> wanted) {
        return new WeightStore(load(checkpoint, wanted, true, MappedFile.DEFAULT_WINDOW));
    }

    /** Reads all tensors in the types that they are stored in. */
    public static Map<String, Tensor> readAsStored(Path checkpoint) {
        return load(checkpoint, name -> true, false, MappedFile.DEFAULT_WINDOW);
    }

    /**
     * Overwrites every weight of the store with the stored tensor of its name, converting as {@link #read(Path)} does, under the write lease.
     * A USER error when names, types or shapes differ, before anything is written.
     */
    public static void readInto(WeightStore store, Path checkpoint) {
        List<StoredTensor> stored = list(checkpoint);
        requireFit(store, stored, checkpoint);
        try (WeightStore.Lease lease = store.writing()) {
            forEach(stored, MappedFile.DEFAULT_WINDOW, (tensor, file) -> fill(store.get(tensor.name()), tensor, file));
        }
    }

    /** The names of all tensors, in the order of the file. */
    public static Set<String> names(Path checkpoint) {
        Set<String> names = new LinkedHashSet<>();
        list(checkpoint).forEach(tensor -> names.add(tensor.name()));
        return Collections.unmodifiableSet(names);
    }

    /** The free texts in the header of one {@code .safetensors} file. */
    public static Map<String, String> metadata(Path file) {
        return header(file).metadata();
    }

    /** Writes the store, under its read lease, with the metadata {@code format=pt} that Transformers asks for. */
    public static void write(WeightStore store, Path file) {
        write(store, file, Map.of());
    }

    /** Writes the store, under its read lease, with these texts and {@code format=pt} in the header. */
    public static void write(WeightStore store, Path file, Map<String, String> metadata) {
        try (WeightStore.Lease lease = store.reading()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            store.names().forEach(name -> tensors.put(name, store.get(name)));
            write(tensors, file, metadata);
        }
    }

    /**
     * Writes the tensors in their own types, the widest types first and then by name, so that equal content gives equal files. The file appears
     * complete or not at all; an existing one is replaced.
     */
    public static void write(Map<String, Tensor> tensors, Path file, Map<String, String> metadata) {
        requireLittleEndian();
        if (tensors.containsKey(SafeTensorsHeader.METADATA)) {
            throw SaveException.user(
                    "a tensor cannot be called '" + SafeTensorsHeader.METADATA + "' in a safetensors file; rename it");
        }
        Map<String, Tensor> ordered = new LinkedHashMap<>();
        tensors.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<String, Tensor> entry) ->
                                -entry.getValue().type().bytes())
                        .thenComparing(Map.Entry::getKey))
                .forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
        Map<String, String> texts = new TreeMap<>(metadata);
        texts.putIfAbsent("format", "pt");
        AtomicFiles.write(file, channel -> {
            AtomicFiles.writeFully(channel, SafeTensorsHeader.encode(texts, ordered));
            for (Tensor tensor : ordered.values()) {
                AtomicFiles.writeFully(channel, tensor.bytes());
            }
        });
    }

    /** {@link #read(Path, Predicate)} with a chosen window, which only tests do. */
    static Map<String, Tensor> load(
            Path checkpoint, Predicate<String> wanted, boolean floatingAsFloat, long windowBytes) {
        List<StoredTensor> stored = list(checkpoint).stream()
                .filter(tensor -> wanted.test(tensor.name()))
                .toList();
        for (StoredTensor tensor : stored) {
            requireHoldable(tensor, floatingAsFloat ? tensor.heldAs() : tensor.type());
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        forEach(stored, windowBytes, (tensor, file) -> {
            Tensor target = Tensor.allocate(floatingAsFloat ? tensor.heldAs() : tensor.type(), tensor.dimensions());
            fill(target, tensor, file);
            tensors.put(tensor.name(), target);
        });
        return tensors;
    }

    private static List<StoredTensor> list(Path checkpoint) {
        requireLittleEndian();
        Path file = resolve(checkpoint);
        return file.getFileName().toString().endsWith(".json")
                ? ShardIndex.list(file)
                : header(file).tensors();
    }

    private static Path resolve(Path checkpoint) {
        if (!Files.isDirectory(checkpoint)) {
            return checkpoint;
        }
        for (String name : List.of(FILE_NAME, INDEX_NAME)) {
            if (Files.isRegularFile(checkpoint.resolve(name))) {
                return checkpoint.resolve(name);
            }
        }
        throw SaveException.user("the folder " + checkpoint + " has neither " + FILE_NAME + " nor " + INDEX_NAME
                + "; name the checkpoint file");
    }

    static SafeTensorsHeader header(Path path) {
        try (MappedFile file = open(path, MappedFile.DEFAULT_WINDOW)) {
            return SafeTensorsHeader.read(path, file);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read " + path + ": " + failed, failed);
        }
    }

    private static MappedFile open(Path path, long windowBytes) throws IOException {
        try {
            return new MappedFile(path, windowBytes);
        } catch (NoSuchFileException missing) {
            throw SaveException.user("there is no checkpoint file " + path, missing);
        }
    }

    @FunctionalInterface
    private interface Visitor {
        void visit(StoredTensor tensor, MappedFile file) throws IOException;
    }

    private static void forEach(List<StoredTensor> stored, long windowBytes, Visitor visitor) {
        Map<Path, List<StoredTensor>> byFile = new LinkedHashMap<>();
        stored.forEach(tensor ->
                byFile.computeIfAbsent(tensor.file(), file -> new ArrayList<>()).add(tensor));
        byFile.forEach((path, tensors) -> {
            try (MappedFile file = open(path, windowBytes)) {
                for (StoredTensor tensor : tensors) {
                    if (tensor.position() + tensor.bytes() > file.size()) {
                        throw SaveException.user(path + " became shorter while it was read");
                    }
                    visitor.visit(tensor, file);
                }
            } catch (IOException failed) {
                throw SaveException.resources("cannot read " + path + ": " + failed, failed);
            }
        });
    }

    private static void fill(Tensor target, StoredTensor stored, MappedFile file) throws IOException {
        if (target.type() == stored.type()) {
            file.copy(stored.position(), target.bytes());
            return;
        }
        FloatBuffer floats = target.floats();
        Tensor part = Tensor.allocate(stored.type(), Math.min(CONVERTED_AT_ONCE, stored.elements()));
        for (long done = 0; done < stored.elements(); done += part.size()) {
            if (stored.elements() - done < part.size()) {
                part = Tensor.allocate(stored.type(), stored.elements() - done);
            }
            file.copy(stored.position() + done * stored.type().bytes(), part.bytes());
            floats.put(part.toFloats());
        }
    }

    private static void requireHoldable(StoredTensor tensor, ElementType type) {
        long bytes = tensor.elements() * type.bytes();
        if (bytes > Integer.MAX_VALUE - Tensor.ALIGNMENT) {
            throw SaveException.resources(tensor.file() + ": tensor '" + tensor.name() + "' of " + tensor + " takes "
                    + bytes + " bytes as " + type + "; one tensor can hold less than 2 GiB");
        }
    }

    private static void requireFit(WeightStore store, List<StoredTensor> stored, Path checkpoint) {
        Set<String> missing = new LinkedHashSet<>(store.names());
        List<String> unknown = new ArrayList<>();
        List<String> different = new ArrayList<>();
        for (StoredTensor tensor : stored) {
            if (!missing.remove(tensor.name())) {
                unknown.add(tensor.name());
                continue;
            }
            Tensor target = store.get(tensor.name());
            boolean typeFits = target.type() == tensor.type() || target.type() == tensor.heldAs();
            if (!typeFits || !Arrays.equals(target.shape(), tensor.dimensions())) {
                different.add("'" + tensor.name() + "' is " + tensor + " in the file but " + target + " here");
            }
        }
        if (missing.isEmpty() && unknown.isEmpty() && different.isEmpty()) {
            return;
        }
        throw SaveException.user("the checkpoint " + checkpoint + " does not fit the model: " + missing.size()
                + " weights are missing" + shown(missing) + ", " + unknown.size() + " are unknown" + shown(unknown)
                + ", "
                + different.size() + " differ" + shown(different) + ". Nothing was changed");
    }

    private static String shown(Iterable<String> names) {
        List<String> all = new ArrayList<>();
        names.forEach(all::add);
        if (all.isEmpty()) {
            return "";
        }
        String first = String.join(", ", all.subList(0, Math.min(NAMES_SHOWN, all.size())));
        return " (" + first + (all.size() > NAMES_SHOWN ? ", …" : "") + ")";
    }

    private static void requireLittleEndian() {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw SaveException.resources(
                    "safetensors files are little-endian; this machine is not, and save4j does not swap");
        }
    }

    /** The bytes of a small text file, for the index of shards. */
    static ByteBuffer text(Path file) {
        try {
            return ByteBuffer.wrap(Files.readAllBytes(file));
        } catch (NoSuchFileException missing) {
            throw SaveException.user("there is no checkpoint file " + file, missing);
        } catch (IOException failed) {
            throw SaveException.resources("cannot read " + file + ": " + failed, failed);
        }
    }
}

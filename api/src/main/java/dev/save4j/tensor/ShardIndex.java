package dev.save4j.tensor;

import dev.save4j.SaveException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The {@code model.safetensors.index.json} of a sharded checkpoint, which says in which file each tensor lies. */
final class ShardIndex {
    private ShardIndex() {}

    /** All tensors, shard by shard in the order of the file names. */
    static List<StoredTensor> list(Path index) {
        Map<String, String> shardOf = read(index);
        List<StoredTensor> tensors = new ArrayList<>();
        Map<String, Path> found = new LinkedHashMap<>();
        for (String shard : new TreeSet<>(shardOf.values())) {
            Path file = index.resolveSibling(shard);
            if (!Files.isRegularFile(file)) {
                throw SaveException.user(
                        "the shard " + shard + " named by " + index + " is missing; copy it to " + file);
            }
            for (StoredTensor tensor : SafeTensors.header(file).tensors()) {
                Path other = found.put(tensor.name(), file);
                if (other != null) {
                    throw SaveException.user(
                            "tensor '" + tensor.name() + "' is in two shards, " + other + " and " + file);
                }
                String expected = shardOf.get(tensor.name());
                if (expected == null) {
                    throw SaveException.user(file + ": tensor '" + tensor.name() + "' is not named by " + index);
                }
                if (!expected.equals(shard)) {
                    throw SaveException.user(file + ": tensor '" + tensor.name() + "' should be in " + expected
                            + " according to " + index);
                }
                tensors.add(tensor);
            }
        }
        shardOf.forEach((name, shard) -> {
            if (!found.containsKey(name)) {
                throw SaveException.user(
                        index + " says that tensor '" + name + "' is in " + shard + ", which lacks it");
            }
        });
        return tensors;
    }

    private static Map<String, String> read(Path index) {
        Map<String, String> shardOf = new LinkedHashMap<>();
        JsonCursor json = new JsonCursor(index.toString(), SafeTensors.text(index));
        json.object(key -> {
            if (key.equals("weight_map")) {
                json.object(name -> shardOf.put(name, shard(index, name, json.string())));
            } else {
                json.skip();
            }
        });
        json.end();
        if (shardOf.isEmpty()) {
            throw SaveException.user(
                    index + " has no weight_map, or an empty one; it is not the index of a checkpoint");
        }
        return shardOf;
    }

    /** A shard lies beside its index: a path to elsewhere would let a downloaded file read any other. */
    private static String shard(Path index, String tensor, String shard) {
        if (shard.isEmpty()
                || shard.contains("/")
                || shard.contains("\\")
                || shard.equals("..")
                || shard.contains(":")) {
            throw SaveException.user(index + " puts tensor '" + tensor + "' into '" + shard
                    + "', which is not the name of a file beside it");
        }
        return shard;
    }
}

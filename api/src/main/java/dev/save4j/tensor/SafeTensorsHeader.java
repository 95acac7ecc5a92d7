package dev.save4j.tensor;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The header of one safetensors file: eight bytes of length, then JSON with each tensor's type, shape and byte range. The ranges must cover the
 * data exactly, without holes and overlaps, as the format's reference reader demands.
 *
 * @param tensors in the order of their data
 */
record SafeTensorsHeader(Map<String, String> metadata, List<StoredTensor> tensors) {
    static final String METADATA = "__metadata__";
    private static final int LENGTH_BYTES = Long.BYTES;
    /** The same limit as the format's reference reader. */
    private static final long LONGEST = 100_000_000;

    /** So that every tensor begins aligned in memory when the file is mapped; the format asks for 8. */
    private static final int ALIGNMENT = Tensor.ALIGNMENT;

    private static final Map<String, ElementType> TYPES = new TreeMap<>(Map.ofEntries(
            Map.entry("F64", ElementType.DOUBLE),
            Map.entry("F32", ElementType.FLOAT),
            Map.entry("F16", ElementType.FLOAT16),
            Map.entry("BF16", ElementType.BFLOAT16),
            Map.entry("I64", ElementType.INT64),
            Map.entry("I32", ElementType.INT32),
            Map.entry("I16", ElementType.INT16),
            Map.entry("I8", ElementType.INT8),
            Map.entry("U64", ElementType.UINT64),
            Map.entry("U32", ElementType.UINT32),
            Map.entry("U16", ElementType.UINT16),
            Map.entry("U8", ElementType.UINT8),
            Map.entry("BOOL", ElementType.BOOL)));

    static SafeTensorsHeader read(Path path, MappedFile file) throws IOException {
        if (file.size() == 0) {
            throw SaveException.user(path + " is empty; download or copy the checkpoint again");
        }
        if (file.size() < LENGTH_BYTES) {
            throw SaveException.user(path + " holds " + file.size()
                    + " bytes, but a safetensors file begins with 8 bytes of header length; it is truncated");
        }
        ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.copy(0, prefix);
        long length = prefix.getLong(0);
        if (length < 0 || length > LONGEST) {
            throw SaveException.user(path + " says that its header takes " + Long.toUnsignedString(length)
                    + " bytes, more than the " + LONGEST + " allowed; it is not a safetensors file");
        }
        if (length > file.size() - LENGTH_BYTES) {
            throw SaveException.user(path + " says that its header takes " + length + " bytes, but only "
                    + (file.size() - LENGTH_BYTES) + " follow; it is truncated or not a safetensors file");
        }
        ByteBuffer json = ByteBuffer.allocate((int) length);
        file.copy(LENGTH_BYTES, json);
        return new Parser(path, LENGTH_BYTES + length, file.size() - LENGTH_BYTES - length).parse(json.flip());
    }

    /** Length and JSON, padded so that the data begin at a multiple of {@link Tensor#ALIGNMENT}; tensors lie in the order given. */
    static ByteBuffer encode(Map<String, String> metadata, Map<String, Tensor> tensors) {
        StringBuilder json = new StringBuilder("{\"" + METADATA + "\":{");
        String separator = "";
        for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
            json.append(separator).append(quoted(entry.getKey())).append(':').append(quoted(entry.getValue()));
            separator = ",";
        }
        json.append('}');
        long begin = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            long end = begin + tensor.bytes().capacity();
            json.append(',')
                    .append(quoted(entry.getKey()))
                    .append(":{\"dtype\":\"")
                    .append(dtype(tensor.type()));
            json.append("\",\"shape\":[");
            for (int axis = 0; axis < tensor.rank(); axis++) {
                json.append(axis == 0 ? "" : ",").append(tensor.dimension(axis));
            }
            json.append("],\"data_offsets\":[")
                    .append(begin)
                    .append(',')
                    .append(end)
                    .append("]}");
            begin = end;
        }
        json.append('}');
        byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
        int unpadded = LENGTH_BYTES + text.length;
        int padded = (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded - LENGTH_BYTES).put(text);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }

    private static String dtype(ElementType type) {
        return TYPES.entrySet().stream()
                .filter(entry -> entry.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> SaveException.internal("safetensors has no type for " + type));
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append("\\u00").append(c < 0x10 ? "0" : "").append(Integer.toHexString(c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private static final class Parser {
        private final Path path;
        private final long dataStart;
        private final long dataBytes;
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final List<StoredTensor> tensors = new ArrayList<>();

        Parser(Path path, long dataStart, long dataBytes) {
            this.path = path;
            this.dataStart = dataStart;
            this.dataBytes = dataBytes;
        }

        SafeTensorsHeader parse(ByteBuffer utf8) {
            JsonCursor json = new JsonCursor("the header of " + path, utf8);
            json.object(name -> {
                if (name.equals(METADATA)) {
                    json.object(key -> metadata.put(key, json.string()));
                } else {
                    tensors.add(tensor(name, json));
                }
            });
            json.end();
            tensors.sort(Comparator.comparingLong(StoredTensor::position).thenComparingLong(StoredTensor::bytes));
            requireExactCover();
            return new SafeTensorsHeader(Map.copyOf(metadata), List.copyOf(tensors));
        }

        private StoredTensor tensor(String name, JsonCursor json) {
            Map<String, Object> fields = new LinkedHashMap<>();
            json.object(key -> {
                switch (key) {
                    case "dtype" -> fields.put(key, json.string());
                    case "shape", "data_offsets" -> fields.put(key, json.wholeNumbers());
                    default -> throw refusal(name, "has the unknown field '" + key + "'");
                }
            });
            if (!(fields.get("dtype") instanceof String dtype)
                    || !(fields.get("shape") instanceof List<?> shape)
                    || !(fields.get("data_offsets") instanceof List<?> offsets)) {
                throw refusal(name, "needs dtype, shape and data_offsets but has only " + fields.keySet());
            }
            return tensor(name, dtype, numbers(shape), numbers(offsets));
        }

        private static List<Long> numbers(Collection<?> values) {
            return values.stream().map(Long.class::cast).toList();
        }

        private StoredTensor tensor(String name, String dtype, List<Long> shape, List<Long> offsets) {
            ElementType type = TYPES.get(dtype);
            if (type == null) {
                throw refusal(
                        name,
                        "has the dtype " + dtype + ", which save4j does not hold; it reads "
                                + String.join(", ", TYPES.keySet()) + ". Convert the checkpoint to F32 or BF16");
            }
            if (offsets.size() != 2) {
                throw refusal(name, "has data_offsets " + offsets + " instead of [begin, end]");
            }
            long begin = offsets.get(0);
            long end = offsets.get(1);
            if (begin > end) {
                throw refusal(name, "begins at byte " + begin + ", after its end at " + end);
            }
            if (end > dataBytes) {
                throw refusal(
                        name,
                        "ends at byte " + end + " of the data, but the file holds only " + dataBytes
                                + "; it is truncated or was not downloaded completely");
            }
            long bytes;
            try {
                bytes = type.bytes();
                for (long dimension : shape) {
                    bytes = Math.multiplyExact(bytes, dimension);
                }
            } catch (ArithmeticException overflow) {
                throw refusal(name, "has the impossible shape " + shape);
            }
            if (bytes != end - begin) {
                throw refusal(
                        name,
                        "of " + dtype + shape + " takes " + bytes + " bytes, but its data_offsets " + offsets + " span "
                                + (end - begin));
            }
            return new StoredTensor(path, name, type, shape, dataStart + begin, bytes);
        }

        private void requireExactCover() {
            long covered = dataStart;
            String last = "the header";
            for (StoredTensor tensor : tensors) {
                if (tensor.position() < covered) {
                    throw refusal(tensor.name(), "overlaps the data of " + last);
                }
                if (tensor.position() > covered) {
                    throw refusal(
                            tensor.name(),
                            "leaves a hole of " + (tensor.position() - covered) + " bytes after " + last);
                }
                covered += tensor.bytes();
                last = "tensor '" + tensor.name() + "'";
            }
            if (covered < dataStart + dataBytes) {
                throw SaveException.user(path + " has " + (dataStart + dataBytes - covered)
                        + " bytes after the data of " + last + " that belong to no tensor; the file is damaged");
            }
        }

        private SaveException refusal(String tensor, String what) {
            return SaveException.user(path + ": tensor '" + tensor + "' " + what);
        }
    }
}

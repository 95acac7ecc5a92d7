package dev.save4j.graph;

import dev.save4j.SaveException;
import dev.save4j.tensor.ElementType;
import dev.save4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads one TensorProto. Memory is taken only after the declared size has been found to agree with the data that is there. */
final class TensorDecoder {
    /** What ONNX calls external. */
    private static final int EXTERNAL = 1;

    private final WireReader message;
    private final ExternalData external;
    private final WireReader.Longs dimensions = new WireReader.Longs();
    private final WireReader.Longs values = new WireReader.Longs();
    private final Map<String, String> location = new HashMap<>();
    private final WireWriter leftover = new WireWriter();
    private String name = "";
    private int elementCode;
    private int valuesField;
    private long place;
    private boolean constant;
    private @Nullable ByteBuffer raw;

    /**
     * @param name empty for the tensor of an attribute
     * @param constant whether save4j wrote it as no weight although it is floating
     * @param leftover fields that are not interpreted
     */
    record Decoded(String name, Tensor tensor, boolean constant, byte[] leftover) {}

    private TensorDecoder(WireReader message, ExternalData external) {
        this.message = message;
        this.external = external;
    }

    static Decoded decode(WireReader message, ExternalData external) {
        return new TensorDecoder(message, external).decode();
    }

    private Decoded decode() {
        while (message.next()) {
            switch (message.field()) {
                case 1 -> message.integers(dimensions);
                case 2 -> elementCode = message.smallInteger();
                case 3 -> throw message.problem("it is stored in segments, which nothing writes any more");
                case 4 -> typed(4, 4);
                case 5, 7, 11 -> typed(message.field(), 0);
                case 6 ->
                    throw message.problem("it holds strings, which save4j does not; remove text processing"
                            + " from the model and tokenize outside");
                case 8 -> {
                    name = message.text();
                    message.label(("tensor '" + name + "'"));
                }
                case 9 -> raw = message.bytes();
                case 10 -> typed(10, 8);
                case 13 -> locationEntry(message.message("external data"));
                case 14 -> place = message.integer();
                case 16 -> metadata();
                default -> leftover.raw(message.keep());
            }
        }
        return new Decoded(name, tensor(), constant, leftover.toByteArray());
    }

    private void typed(int field, int width) {
        if (valuesField != 0 && valuesField != field) {
            throw message.problem("it holds its values in two fields, " + valuesField + " and " + field);
        }
        valuesField = field;
        if (width == 0) {
            message.integers(values);
        } else {
            message.fixed(values, width);
        }
    }

    private void locationEntry(WireReader entry) {
        String key = "";
        String value = "";
        while (entry.next()) {
            switch (entry.field()) {
                case 1 -> key = entry.text();
                case 2 -> value = entry.text();
                default -> entry.skip();
            }
        }
        if (location.putIfAbsent(key, value) != null) {
            throw message.problem("its external data has two entries '" + key + "'");
        }
    }

    private void metadata() {
        byte[] field = message.keep();
        WireWriter role = new WireWriter();
        OnnxEncoder.entry(role, 16, OnnxEncoder.ROLE, OnnxEncoder.CONSTANT);
        if (Arrays.equals(field, role.toByteArray())) {
            constant = true;
        } else {
            leftover.raw(field);
        }
    }

    private Tensor tensor() {
        ElementType element = element(message, elementCode);
        long[] shape = dimensions.toArray();
        int bytes = byteSize(element, shape);
        if (place == EXTERNAL) {
            return externalTensor(element, shape, bytes);
        }
        if (place != 0) {
            throw message.problem("data location " + place + " is unknown");
        }
        if (raw != null) {
            if (valuesField != 0) {
                throw message.problem("it holds its values twice, as raw data and in field " + valuesField);
            }
            if (raw.remaining() != bytes) {
                throw message.problem(element + Arrays.toString(shape) + " takes " + bytes + " bytes but its data has "
                        + raw.remaining());
            }
            return toNative(element, shape, raw);
        }
        int count = bytes / element.bytes();
        if (values.size() != count) {
            throw message.problem(
                    element + Arrays.toString(shape) + " has " + count + " elements but its data has " + values.size());
        }
        return count == 0 ? Tensor.allocate(element, shape) : fromValues(element, shape);
    }

    static ElementType element(WireReader where, int code) {
        try {
            return ElementType.ofOnnxCode(code);
        } catch (SaveException unsupported) {
            throw where.problem(unsupported.getMessage());
        }
    }

    private int byteSize(ElementType element, long[] shape) {
        long size = element.bytes();
        boolean empty = Arrays.stream(shape).anyMatch(dimension -> dimension == 0);
        for (long dimension : shape) {
            if (dimension < 0) {
                throw message.problem("its shape " + Arrays.toString(shape) + " has a negative dimension");
            }
            size = empty ? 0 : Math.multiplyHigh(size, dimension) == 0 ? size * dimension : Long.MAX_VALUE;
            if (size < 0 || size > Integer.MAX_VALUE - 2 * Tensor.ALIGNMENT) {
                throw message.problem("its shape " + Arrays.toString(shape) + " of " + element
                        + " takes 2 GiB or more; one tensor holds less");
            }
        }
        return (int) size;
    }

    private Tensor externalTensor(ElementType element, long[] shape, int bytes) {
        if (raw != null || valuesField != 0) {
            throw message.problem("it holds values although they are said to be in another file");
        }
        String file = location.getOrDefault("location", "");
        long offset = number("offset", 0);
        long length = number("length", bytes);
        if (length != bytes) {
            throw message.problem(element + Arrays.toString(shape) + " takes " + bytes + " bytes but " + length
                    + " are said to be in '" + file + "'");
        }
        external.check(message, file, offset, length);
        Tensor tensor = Tensor.allocate(element, shape);
        external.read(message, file, offset, tensor.bytes());
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? tensor : toNative(element, shape, tensor.bytes());
    }

    private long number(String key, long orElse) {
        String text = location.get(key);
        if (text == null) {
            return orElse;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException malformed) {
            throw message.problem("the " + key + " of its external data is '" + text + "', which is no number");
        }
        throw message.problem("the " + key + " of its external data is " + text + ", which is negative");
    }

    private static Tensor toNative(ElementType element, long[] shape, ByteBuffer littleEndian) {
        Tensor tensor = Tensor.allocate(element, shape);
        ByteBuffer target = tensor.bytes();
        int width = element.bytes();
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN || width == 1) {
            target.put(littleEndian.duplicate());
        } else {
            for (int i = 0; i < target.capacity(); i++) {
                target.put(i, littleEndian.get(littleEndian.position() + i + width - 1 - 2 * (i % width)));
            }
        }
        return tensor;
    }

    private Tensor fromValues(ElementType element, long[] shape) {
        int expected = switch (element) {
            case FLOAT -> 4;
            case DOUBLE -> 10;
            case INT64 -> 7;
            case UINT32, UINT64 -> 11;
            default -> 5;
        };
        if (valuesField != expected) {
            throw message.problem("values of " + element + " are in field " + valuesField
                    + " where the format has them in " + expected);
        }
        Tensor tensor = Tensor.allocate(element, shape);
        ByteBuffer target = tensor.bytes();
        for (int i = 0; i < values.size(); i++) {
            long value = values.get(i);
            requireFits(element, value);
            switch (element.bytes()) {
                case 1 -> target.put((byte) value);
                case 2 -> target.putShort((short) value);
                case 4 -> target.putInt((int) value);
                default -> target.putLong(value);
            }
        }
        return tensor;
    }

    private void requireFits(ElementType element, long value) {
        boolean fits = switch (element) {
            case BOOL -> value == 0 || value == 1;
            case UINT8 -> value >= 0 && value <= 0xff;
            case INT8 -> value == (byte) value;
            case UINT16, FLOAT16, BFLOAT16 -> value >= 0 && value <= 0xffff;
            case INT16 -> value == (short) value;
            case INT32 -> value == (int) value;
            case UINT32 -> value >= 0 && value <= 0xffffffffL;
            case FLOAT, DOUBLE, INT64, UINT64 -> true;
        };
        if (!fits) {
            throw message.problem("the value " + value + " does not fit " + element);
        }
    }
}

package dev.save4j.graph;

import dev.save4j.SaveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one protobuf message field by field. Whatever the bytes are, it either reads on or throws a USER error that says where in which file; it
 * never reads outside its message and takes no memory that the file does not pay for. Not thread-safe.
 *
 * <pre>{@code
 * while (message.next()) {
 *     switch (message.field()) {
 *         case 1 -> name = message.text();
 *         default -> message.skip();
 *     }
 * }
 * }</pre>
 */
final class WireReader {
    /** The nesting at which protobuf parsers give up. */
    private static final int DEEPEST = 100;

    private static final int LONGEST_PATH = 8;

    private final ByteBuffer data;
    private final String file;
    private final @Nullable WireReader parent;
    private final int depth;
    private final int limit;
    private String label;
    private int position;
    private int fieldStart;
    private int field;
    private int wire;

    WireReader(ByteBuffer data, String file) {
        this.data = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        this.file = file;
        this.parent = null;
        this.depth = 0;
        this.limit = this.data.limit();
        this.label = "";
    }

    private WireReader(WireReader parent, String label, int position, int limit) {
        this.data = parent.data;
        this.file = parent.file;
        this.parent = parent;
        this.depth = parent.depth + 1;
        this.position = position;
        this.limit = limit;
        this.label = label;
        if (depth > DEEPEST) {
            throw parent.problem("messages are nested more than " + DEEPEST + " deep");
        }
    }

    /** Says in messages what this is, once its name is known. */
    void label(String better) {
        label = better;
    }

    /** Goes to the next field; false at the end of the message. */
    boolean next() {
        if (position >= limit) {
            return false;
        }
        fieldStart = position;
        field = 0;
        long tag = varint();
        if (tag >>> 3 == 0 || tag >>> 3 > 0x1fffffff) {
            throw error("there is no field " + (tag >>> 3));
        }
        field = (int) (tag >>> 3);
        wire = (int) (tag & 7);
        return true;
    }

    int field() {
        return field;
    }

    long integer() {
        require(0);
        return varint();
    }

    /** An integer of 32 bits; negative ones take ten bytes in the file. */
    int smallInteger() {
        long value = integer();
        if (value != (int) value) {
            throw error("the value " + value + " does not fit 32 bits");
        }
        return (int) value;
    }

    float real() {
        require(5);
        return data.getFloat(advance(Float.BYTES));
    }

    String text() {
        ByteBuffer bytes = bytes();
        try {
            CharBuffer characters = StandardCharsets.UTF_8.newDecoder().decode(bytes);
            return characters.toString();
        } catch (CharacterCodingException malformed) {
            throw error("the text is not UTF-8");
        }
    }

    /** A view of the file. */
    ByteBuffer bytes() {
        int length = length();
        return data.slice(advance(length), length).order(ByteOrder.LITTLE_ENDIAN);
    }

    WireReader message(String what) {
        int length = length();
        int start = advance(length);
        return new WireReader(this, what, start, start + length);
    }

    /** Reads the field that was just kept as a message. */
    WireReader again() {
        int end = position;
        position = fieldStart;
        varint();
        int length = length();
        position = end;
        return new WireReader(this, label, end - length, end);
    }

    void skip() {
        switch (wire) {
            case 0 -> varint();
            case 1 -> advance(Long.BYTES);
            case 2 -> advance(length());
            case 5 -> advance(Integer.BYTES);
            default -> throw error("wire type " + wire + " is not used by ONNX");
        }
    }

    /** Skips the field and returns all its bytes, tag included. */
    byte[] keep() {
        skip();
        byte[] kept = new byte[position - fieldStart];
        data.get(fieldStart, kept);
        return kept;
    }

    /** Adds the value or the packed values of a repeated integer field. */
    void integers(Longs into) {
        if (wire == 2) {
            WireReader packed = message(label);
            packed.field = field;
            while (packed.position < packed.limit) {
                into.add(packed.varint());
            }
        } else {
            into.add(integer());
        }
    }

    /** Adds the bits of the value or the packed values of a repeated float field (4 bytes) or double field (8 bytes). */
    void fixed(Longs into, int width) {
        if (wire == 2) {
            int length = length();
            if (length % width != 0) {
                throw error(length + " bytes do not hold values of " + width + " bytes");
            }
            for (int start = advance(length), at = start; at < start + length; at += width) {
                into.add(width == 4 ? data.getInt(at) : data.getLong(at));
            }
        } else {
            require(width == 4 ? 5 : 1);
            int at = advance(width);
            into.add(width == 4 ? data.getInt(at) : data.getLong(at));
        }
    }

    private void require(int expected) {
        if (wire != expected) {
            throw error("it has wire type " + wire + " where the format has " + expected);
        }
    }

    private int length() {
        require(2);
        long length = varint();
        if (length < 0 || length > limit - position) {
            throw error(
                    "it claims " + Long.toUnsignedString(length) + " bytes but " + (limit - position) + " are left");
        }
        return (int) length;
    }

    private int advance(int bytes) {
        if (bytes > limit - position) {
            throw error("it needs " + bytes + " bytes but " + (limit - position) + " are left");
        }
        int start = position;
        position += bytes;
        return start;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte part = data.get(advance(1));
            value |= (long) (part & 0x7f) << shift;
            if (part >= 0) {
                if (shift == 63 && part > 1) {
                    break;
                }
                return value;
            }
        }
        throw error("a number takes more than 64 bits");
    }

    /** A USER error about the current field. */
    SaveException error(String what) {
        return problem((field == 0 ? "" : "field " + field + ": ") + what
                + "; the file is damaged or cut off, or is no ONNX file");
    }

    /** A USER error that says where this message is. */
    SaveException problem(String what) {
        Deque<String> where = new ArrayDeque<>();
        for (WireReader at = this; at != null; at = at.parent) {
            if (!at.label.isEmpty() && !at.label.equals(where.peekFirst())) {
                where.addFirst(at.label);
            }
        }
        if (where.size() > LONGEST_PATH) {
            List<String> all = List.copyOf(where);
            where = new ArrayDeque<>(all.subList(0, LONGEST_PATH / 2));
            where.addLast("…");
            where.addAll(all.subList(all.size() - LONGEST_PATH / 2, all.size()));
        }
        return SaveException.user(file + ": " + (where.isEmpty() ? "" : String.join(", ", where) + ": ") + what);
    }

    /** A growing array. */
    static final class Longs {
        private long[] values = new long[4];
        private int size;

        void add(long value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = value;
        }

        int size() {
            return size;
        }

        long get(int index) {
            return values[index];
        }

        long[] toArray() {
            return Arrays.copyOf(values, size);
        }
    }
}

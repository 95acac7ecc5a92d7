package dev.save4j.graph;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes one protobuf message. Large byte fields are kept as views of the caller's buffer and nested messages are spliced in, so that a weight is
 * copied at most once, when the whole is written out. Not thread-safe.
 */
final class WireWriter {
    /** Protobuf parsers refuse messages beyond this size. */
    private static final long LIMIT = Integer.MAX_VALUE - 64;

    private static final int VIEW_FROM = 4096;

    private final List<ByteBuffer> pieces = new ArrayList<>();
    private byte[] tail = new byte[128];
    private int used;
    private long flushed;

    long size() {
        return flushed + used;
    }

    void integer(int field, long value) {
        varint((long) field << 3);
        varint(value);
    }

    void real(int field, float value) {
        varint((long) field << 3 | 5);
        fixed32(Float.floatToRawIntBits(value));
    }

    void text(int field, String value) {
        bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a text unless it is empty, which readers take for an absent field. */
    void textUnlessEmpty(int field, String value) {
        if (!value.isEmpty()) {
            text(field, value);
        }
    }

    void bytes(int field, byte[] value) {
        varint((long) field << 3 | 2);
        varint(value.length);
        raw(value);
    }

    /** The bytes of the buffer from position to limit, which must not change before this message is written out. */
    void bytes(int field, ByteBuffer value) {
        varint((long) field << 3 | 2);
        varint(value.remaining());
        splice(value);
    }

    void message(int field, WireWriter message) {
        varint((long) field << 3 | 2);
        varint(message.size());
        message.pieces.forEach(this::splice);
        raw(message.tail, message.used);
    }

    /** A packed repeated field; nothing when there are no values. */
    void integers(int field, long[] values) {
        if (values.length > 0) {
            WireWriter packed = new WireWriter();
            for (long value : values) {
                packed.varint(value);
            }
            message(field, packed);
        }
    }

    void reals(int field, List<Float> values) {
        if (!values.isEmpty()) {
            WireWriter packed = new WireWriter();
            values.forEach(value -> packed.fixed32(Float.floatToRawIntBits(value)));
            message(field, packed);
        }
    }

    /** Bytes that are complete fields already. */
    void raw(byte[] fields) {
        raw(fields, fields.length);
    }

    private void raw(byte[] source, int length) {
        reserve(length);
        System.arraycopy(source, 0, tail, used, length);
        used += length;
    }

    private void splice(ByteBuffer value) {
        int length = value.remaining();
        if (length >= VIEW_FROM) {
            flush();
            pieces.add(value.slice());
            flushed += length;
        } else {
            reserve(length);
            value.duplicate().get(tail, used, length);
            used += length;
        }
    }

    private void varint(long value) {
        reserve(10);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            tail[used++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        tail[used++] = (byte) rest;
    }

    private void fixed32(int bits) {
        reserve(4);
        for (int shift = 0; shift < 32; shift += 8) {
            tail[used++] = (byte) (bits >>> shift);
        }
    }

    private void reserve(int more) {
        if (used + more > tail.length) {
            tail = Arrays.copyOf(tail, Math.max(2 * tail.length, used + more));
        }
    }

    private void flush() {
        if (used > 0) {
            pieces.add(ByteBuffer.wrap(Arrays.copyOf(tail, used)));
            flushed += used;
            used = 0;
        }
    }

    byte[] toByteArray() {
        requireLimit();
        flush();
        ByteBuffer whole = ByteBuffer.allocate((int) size());
        pieces.forEach(piece -> whole.put(piece.duplicate()));
        return whole.array();
    }

    void writeTo(FileChannel channel) throws IOException {
        requireLimit();
        flush();
        for (ByteBuffer piece : pieces) {
            AtomicFiles.writeFully(channel, piece.duplicate());
        }
    }

    private void requireLimit() {
        if (size() > LIMIT) {
            throw SaveException.resources("the model takes " + size()
                    + " bytes but an ONNX file holds less than 2 GiB; write its weights as external data");
        }
    }
}

package dev.save4j.graph;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/**
 * Fields that nobody interprets, of a message and of its named parts. In a {@link Preserved} each part that has some is a message of its name and
 * those fields alone, behind the fields of the message itself and sorted by name; the encoder adds them to the part of that name. A part that is gone
 * takes its leftovers with it. Not thread-safe.
 */
final class Leftovers {
    private static final byte[] NOTHING = {};

    private final int part;
    private final int name;
    private final WireWriter rest = new WireWriter();
    private final Map<String, byte[]> parts = new TreeMap<>();

    /**
     * @param part the field number of the parts
     * @param name the field number of a part's name
     */
    Leftovers(int part, int name) {
        this.part = part;
        this.name = name;
    }

    static Leftovers of(Preserved preserved, int part, int name) {
        return preserved.isEmpty() ? new Leftovers(part, name) : of(preserved.wire(), part, name);
    }

    static Leftovers of(byte[] wire, int part, int name) {
        Leftovers leftovers = new Leftovers(part, name);
        WireReader reader = new WireReader(ByteBuffer.wrap(wire), "preserved fields");
        while (reader.next()) {
            if (reader.field() != part) {
                leftovers.keep(reader);
                continue;
            }
            WireReader stub = reader.message("part");
            String label = "";
            WireWriter fields = new WireWriter();
            while (stub.next()) {
                if (stub.field() == name) {
                    label = stub.text();
                } else {
                    fields.raw(stub.keep());
                }
            }
            leftovers.keep(label, fields.toByteArray());
        }
        return leftovers;
    }

    /** Keeps the field at which the reader is. */
    void keep(WireReader reader) {
        rest.raw(reader.keep());
    }

    /** Keeps fields of a part. */
    void keep(String label, byte[] fields) {
        if (fields.length > 0) {
            parts.put(label, fields);
        }
    }

    byte[] of(String label) {
        return parts.getOrDefault(label, NOTHING);
    }

    byte[] rest() {
        return rest.toByteArray();
    }

    /** The same with other names for some parts. */
    Leftovers renamed(Map<String, String> names) {
        Leftovers renamed = new Leftovers(part, name);
        renamed.rest.raw(rest());
        parts.forEach((label, fields) -> renamed.keep(names.getOrDefault(label, label), fields));
        return renamed;
    }

    byte[] toByteArray() {
        WireWriter all = new WireWriter();
        all.raw(rest());
        parts.forEach((label, fields) -> {
            WireWriter stub = new WireWriter();
            stub.textUnlessEmpty(name, label);
            stub.raw(fields);
            all.message(part, stub);
        });
        return all.toByteArray();
    }

    Preserved preserved() {
        byte[] all = toByteArray();
        return all.length == 0 ? Preserved.NOTHING : new Preserved(all);
    }
}

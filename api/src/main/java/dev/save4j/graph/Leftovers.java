package dev.save4j.graph;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * What {@link Preserved} holds of named parts: for each part that had fields nobody interprets, a message of its name and those fields alone. The
 * encoder adds them to the part of that name; a part that is gone takes its leftovers with it.
 *
 * @param byName uninterpreted fields of each part
 * @param rest fields that belong to no part
 */
record Leftovers(Map<String, byte[]> byName, byte[] rest) {
    private static final Leftovers NONE = new Leftovers(Map.of(), new byte[0]);

    /** @param part the field number of the parts, {@code name} that of their name */
    static Leftovers of(Preserved preserved, int part, int name) {
        return preserved.isEmpty() ? NONE : of(preserved.wire(), part, name);
    }

    static Leftovers of(byte[] wire, int part, int name) {
        Map<String, byte[]> byName = new HashMap<>();
        WireWriter rest = new WireWriter();
        WireReader reader = new WireReader(ByteBuffer.wrap(wire), "preserved fields");
        while (reader.next()) {
            if (reader.field() == part) {
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
                byName.put(label, fields.toByteArray());
            } else {
                rest.raw(reader.keep());
            }
        }
        return new Leftovers(byName, rest.toByteArray());
    }

    byte[] of(String label) {
        return byName.getOrDefault(label, NONE.rest);
    }
}

package dev.save4j.chat;

import dev.save4j.chat.Values.Callable;
import dev.save4j.chat.Values.Undefined;
import java.util.List;

/** The variable {@code loop}. */
final class Loop {
    private final List<Object> items;
    private final int depth;
    private int index;
    private List<Object> lastSeen = List.of();

    Loop(List<Object> items, int depth) {
        this.items = items;
        this.depth = depth;
    }

    void moveTo(int newIndex) {
        index = newIndex;
    }

    int depth() {
        return depth;
    }

    Object attribute(String name) {
        switch (name) {
            case "index":
                return index + 1L;
            case "index0":
                return (long) index;
            case "revindex":
                return (long) items.size() - index;
            case "revindex0":
                return items.size() - index - 1L;
            case "first":
                return index == 0;
            case "last":
                return index == items.size() - 1;
            case "length":
                return (long) items.size();
            case "depth":
                return depth + 1L;
            case "depth0":
                return (long) depth;
            case "previtem":
                return index > 0 ? items.get(index - 1) : new Undefined("the item before the first of a loop");
            case "nextitem":
                return index + 1 < items.size()
                        ? items.get(index + 1)
                        : new Undefined("the item after the last of a loop");
            case "cycle":
                return (Callable) (rendering, arguments) -> arguments.positional(
                        index % Math.max(1, arguments.positional().size()));
            case "changed":
                return (Callable) this::changed;
            default:
                return new Undefined("'loop." + name + "'");
        }
    }

    private Object changed(Rendering rendering, Arguments arguments) {
        boolean same = index > 0 && Values.equal(rendering, lastSeen, arguments.positional());
        lastSeen = arguments.positional();
        return !same;
    }
}

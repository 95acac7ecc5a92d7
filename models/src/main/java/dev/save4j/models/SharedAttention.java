package dev.save4j.models;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;
import java.util.ArrayList;
import java.util.List;

/** Attention of prompts, as the superclass computes it, and of answers that see the keys and values of their prompt and their own. */
final class SharedAttention extends Attention {
    private final SharedPrompts groups;
    private final int longest;
    private final long width;
    /** The position of each token of an answer, FLOAT {@code [answers, 1, answer, 1]}. */
    private final Value rows;
    /** 0, 1, …, FLOAT {@code [sequence]}. */
    private final Value columns;

    SharedAttention(GraphBuilder graph, int heads, int keyValueHeads, int headSize, SharedPrompts groups, int longest) {
        super(graph, heads, keyValueHeads, headSize, groups.promptMask(), true, longest);
        this.groups = groups;
        this.longest = longest;
        this.width = (long) heads * headSize;
        this.rows = groups.positions()
                .gather(groups.answers(), 0)
                .cast(ElementType.FLOAT)
                .unsqueeze(1, 3);
        this.columns = positions(graph, groups.sequences()).cast(ElementType.FLOAT);
    }

    /** Takes and gives {@code [1, tokens, …]}. */
    @Override
    Value attend(Value query, Value key, Value value) {
        Value ofPrompts =
                super.attend(at(query, groups.prompts()), at(key, groups.prompts()), at(value, groups.prompts()));
        Value keys = at(key, groups.sequences()).transpose(0, 2, 1, 3);
        Value values = at(value, groups.sequences()).transpose(0, 2, 1, 3);
        Value queries = at(query, groups.answers());
        List<Value> all = new ArrayList<>();
        all.add(ofPrompts.reshape(-1, width));
        all.add(graph.scoped("answers", () -> ofAnswers(queries, keys, values)).reshape(-1, width));
        return graph.concat(0, all).gather(groups.order(), 0).unsqueeze(0);
    }

    /** An answer's token sees no key behind the longest prompt and the tokens of its part, so these are left out. */
    private Value ofAnswers(Value queries, Value keys, Value values) {
        if (longest <= PART) {
            return attend(queries, keys, values, forGroup(distanceBias(rows, columns)));
        }
        Value none = graph.vector(0);
        List<Value> parts = new ArrayList<>();
        for (int from = 0; from < longest; from += PART) {
            long start = from;
            boolean last = from + PART >= longest;
            long end = last ? Long.MAX_VALUE : from + PART;
            parts.add(graph.scoped("part", () -> {
                Value seen = last
                        ? graph.vector(Long.MAX_VALUE)
                        : groups.prompts().size(1).add(graph.vector(end));
                Value bias = distanceBias(rows.slice(2, start, end), columns.slice(0, none, seen));
                return attend(
                        queries.slice(1, start, end),
                        keys.slice(2, none, seen),
                        values.slice(2, none, seen),
                        forGroup(bias));
            }));
        }
        return graph.concat(1, parts);
    }

    private static Value at(Value tokens, Value places) {
        return tokens.gather(places, 1).squeeze(0);
    }
}

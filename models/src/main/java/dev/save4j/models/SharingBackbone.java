package dev.save4j.models;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;

/** A causal backbone that can compute a prompt once for all its answers. */
interface SharingBackbone {
    /**
     * As {@link Backbone#hidden(GraphBuilder, Value, Value, int)}, for inference: no gradient engine needs its operators.
     *
     * @return FLOAT {@code [1, tokens, hidden]}
     */
    Value hidden(GraphBuilder graph, SharedPrompts groups, int longest);
}

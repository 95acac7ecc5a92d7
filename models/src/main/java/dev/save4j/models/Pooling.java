package dev.save4j.models;

import dev.save4j.graph.GraphBuilder;
import dev.save4j.graph.Value;
import dev.save4j.tensor.ElementType;

/** How a sequence becomes one vector. The attention mask tells which positions count, never the padding token. */
public enum Pooling {
    /** The last token that is not padding; what causal reward models use. */
    LAST_TOKEN {
        @Override
        Value pool(GraphBuilder graph, Value hidden, Value mask) {
            return hidden.atPosition(mask.sum(1, true).sub(graph.scalar(1L)));
        }
    },
    /** The mean over tokens that are not padding; what sentence encoders use. */
    MEAN {
        @Override
        Value pool(GraphBuilder graph, Value hidden, Value mask) {
            Value weights = mask.cast(ElementType.FLOAT).unsqueeze(2);
            return hidden.mul(weights).sum(1, false).div(weights.sum(1, false).max(graph.scalar(1.0)));
        }
    },
    /** The first token; what BERT classifiers use. */
    CLS {
        @Override
        Value pool(GraphBuilder graph, Value hidden, Value mask) {
            return hidden.gather(graph.scalar(0L), 1);
        }
    };

    /**
     * Adds the pooling nodes.
     *
     * @param hidden FLOAT {@code [batch, sequence, hidden]}
     * @param mask INT64 {@code [batch, sequence]}, ones followed by zeros
     * @return FLOAT {@code [batch, hidden]}
     */
    abstract Value pool(GraphBuilder graph, Value hidden, Value mask);
}

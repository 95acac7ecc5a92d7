package dev.save4j.engine;

/** What the backward pass of a gradient engine finds in memory, and what it computes again. */
public enum Checkpointing {
    /** Everything that the forward pass computed is kept as long as a derivative needs it. */
    NONE,
    /**
     * Only what passes from one block of a model to the next is kept; what a block computes, and within it the attention of each part of the queries,
     * is computed again when its derivatives are. The gradients are the same, a step takes about a third longer.
     */
    BLOCKS
}

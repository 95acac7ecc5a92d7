package dev.save4j.engine;

/**
 * What an engine takes of the host's memory beside the weights of the store: rough, enough to tell before a run whether it can fit.
 *
 * @param library bytes of its native libraries once they have worked
 * @param perWeight bytes for every weight of a model that it has open: packed copies when it samples, gradients and moments when it trains
 * @param perNumber bytes for every number of a run that is in memory at once, of the outputs of products, the attention weights and the logits; what is
 *     computed of them on the way is paid with them
 */
public record MemoryNeeds(long library, double perWeight, double perNumber) {
    /** For an engine that says nothing: gradients and moments in single precision, and every number a few times. */
    public static final MemoryNeeds TYPICAL = new MemoryNeeds(200L << 20, 16, 16);
}

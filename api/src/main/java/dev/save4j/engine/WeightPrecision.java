package dev.save4j.engine;

/** The numbers in which a rollout engine keeps the weights of linear layers. Those that are trained are in single precision in any case. */
public enum WeightPrecision {
    FLOAT32,
    /**
     * 8 bits with one scale for each output of a layer, multiplied as integers. Faster, and an approximation: what is sampled comes from a policy that is
     * slightly another one than that which is trained, and so do its log-probabilities.
     */
    INT8
}

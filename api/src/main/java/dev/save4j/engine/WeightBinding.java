package dev.save4j.engine;

/** How an inference session gets the weights of a store. */
public enum WeightBinding {
    /** Packed for speed when the session is made; {@link InferenceSession#refresh()} packs again. For rollouts on a CPU. */
    PREPACKED,
    /** The session reads the store's own buffers: updates are seen by the next run and nothing is copied. For scoring. */
    LIVE,
    /** Weights are inputs of every run: rests on documented behaviour only. The fallback where LIVE does not pass its self-test. */
    INPUT
}

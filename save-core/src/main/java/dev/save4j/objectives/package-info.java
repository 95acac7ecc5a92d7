/**
 * What is minimised, as ONNX graphs that read like their formulas: preference losses, the SAVE contrast, value regression, policy surrogates.
 * {@link dev.save4j.objectives.Composition} joins one to the graph of a model, {@link dev.save4j.objectives.Feed} holds the data of one batch.
 */
@NullMarked
package dev.save4j.objectives;

import org.jspecify.annotations.NullMarked;

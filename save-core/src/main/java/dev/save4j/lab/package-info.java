/**
 * A synthetic laboratory: very short tales over a small vocabulary, and a programmatic gold reward that nobody trains on.
 * It gives every experiment a true answer to whether a reward model, or a policy trained against it, became better.
 */
@NullMarked
package dev.save4j.lab;

import org.jspecify.annotations.NullMarked;

/**
 * Runs one experiment with every mode, algorithm, backbone, gradient engine and seed that is asked for, and says which claims about SAVE the numbers
 * bear out.
 */
@NullMarked
package dev.save4j.bench.save;

import org.jspecify.annotations.NullMarked;

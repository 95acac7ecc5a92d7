/**
 * The root of save4j's vocabulary. It holds only what every module shares: the one exception type.
 */
@NullMarked
package dev.save4j;

import org.jspecify.annotations.NullMarked;

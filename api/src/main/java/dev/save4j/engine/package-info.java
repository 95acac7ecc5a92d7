/**
 * What an engine is: the interfaces that run, sample from and differentiate graphs over a store of weights. Engines are found with
 * {@link java.util.ServiceLoader} and chosen by name.
 */
@NullMarked
package dev.save4j.engine;

import org.jspecify.annotations.NullMarked;

/**
 * Turns a checkpoint folder into graphs over a store of weights, and a store back into a folder.
 * Backbones, heads and the mapping of checkpoint names live here; engines do not.
 */
@NullMarked
package dev.save4j.models;

import org.jspecify.annotations.NullMarked;

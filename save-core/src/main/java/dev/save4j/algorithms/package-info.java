/**
 * What turns rewards into data for an objective, in plain Java and double precision: policy algorithms with every constant in a setting, and
 * the parts of SAVE that label answers, anchor them, guard the reward model and set the learning rate.
 */
@NullMarked
package dev.save4j.algorithms;

import org.jspecify.annotations.NullMarked;

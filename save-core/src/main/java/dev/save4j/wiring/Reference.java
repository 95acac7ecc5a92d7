package dev.save4j.wiring;

import jakarta.inject.Qualifier;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The policy and the reward model as they were at the start of the run; they are not trained. */
@Qualifier
@Retention(RetentionPolicy.RUNTIME)
@interface Reference {}

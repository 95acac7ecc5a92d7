package dev.save4j.wiring;

import jakarta.inject.Qualifier;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The reward model that is improved, and its tokenizer. */
@Qualifier
@Retention(RetentionPolicy.RUNTIME)
@interface Reward {}

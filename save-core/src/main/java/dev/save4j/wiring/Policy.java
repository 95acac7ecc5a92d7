package dev.save4j.wiring;

import jakarta.inject.Qualifier;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** The policy that is trained, and its tokenizer. */
@Qualifier
@Retention(RetentionPolicy.RUNTIME)
@interface Policy {}

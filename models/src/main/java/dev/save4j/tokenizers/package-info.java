/**
 * Turns text into the numbers that models read and back again: Hugging Face's {@code tokenizer.json}, llama2.c's {@code tokenizer.bin}, bytes, and
 * closed lists of words. No tokenizer here truncates or pads unless it is asked to.
 */
@NullMarked
package dev.save4j.tokenizers;

import org.jspecify.annotations.NullMarked;

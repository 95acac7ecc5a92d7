/**
 * Chat templates as Hugging Face models carry them: the part of Jinja that they are written in, parsed once and rendered with the options,
 * filters and limits of Transformers' own environment. What is not understood is refused when a template is parsed, never guessed.
 */
@NullMarked
package dev.save4j.chat;

import org.jspecify.annotations.NullMarked;

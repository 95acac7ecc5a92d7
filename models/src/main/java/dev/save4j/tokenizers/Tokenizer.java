package dev.save4j.tokenizers;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * Text to token ids and back. Nothing is truncated or padded unless asked for. Implementations are safe for use by several threads; whoever
 * opened a tokenizer closes it, and it must not be used afterwards.
 */
public interface Tokenizer extends AutoCloseable {
    /**
     * The ids of a whole text.
     *
     * @param addSpecialTokens whether to add what the tokenizer puts around a single text, such as a begin-of-text token; a text that continues
     *     another, or that a chat template made, wants none
     */
    int[] encode(String text, boolean addSpecialTokens);

    /** The ids of a whole text with the special tokens around it. */
    default int[] encode(String text) {
        return encode(text, true);
    }

    /**
     * The ids of a text with the special tokens around it, its end cut off where it takes more than {@code maxTokens} in all. A USER error when
     * the special tokens alone take more.
     */
    Encoded encode(String text, int maxTokens);

    /** Whether {@link #encodePair} has a form for two texts. */
    default boolean encodesPairs() {
        return false;
    }

    /** Two texts as one sequence, such as {@code [CLS] first [SEP] second [SEP]}; a USER error when {@link #encodesPairs()} is false. */
    default EncodedPair encodePair(String first, String second) {
        return encodePair(first, second, Integer.MAX_VALUE);
    }

    /** {@link #encodePair(String, String)} with the end of the longer text cut off, then both, until the whole fits. */
    default EncodedPair encodePair(String first, String second, int maxTokens) {
        throw SaveException.user(
                "this tokenizer has no form for a pair of texts; put both into one text, or use a tokenizer.json with a pair template");
    }

    /**
     * The text of the ids, without special tokens. Bytes that are no UTF-8 become U+FFFD, because a generated sequence may end in the middle of a
     * character; so do ids of {@link #vocabularySize()} and above, because a model whose embedding is padded may sample them.
     */
    default String decode(int[] ids) {
        return decode(ids, true);
    }

    /** {@link #decode(int[])} with a choice: the texts of special tokens can be left in, as a person who looks at samples wants them. */
    String decode(int[] ids, boolean skipSpecialTokens);

    /** One more than the largest id, the fewest rows that a model's embedding needs. */
    int vocabularySize();

    /** The id of a special token by its text, such as {@code <|im_end|>}; empty when the tokenizer has none of that text. */
    OptionalInt specialToken(String text);

    /** The token that begins a text, if the model was trained with one. */
    OptionalInt beginOfText();

    /** The token after which a model has nothing more to say. */
    OptionalInt endOfText();

    /** The token for places without text. Models mask these places, so that a tokenizer without one can do with any id. */
    OptionalInt padding();

    /** Writes the files from which {@link Tokenizers#open} makes an equal tokenizer into an existing folder. */
    void writeTo(Path folder);

    @Override
    void close();
}

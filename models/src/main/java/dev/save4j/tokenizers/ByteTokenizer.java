package dev.save4j.tokenizers;

import dev.save4j.AtomicFiles;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** One token per byte of UTF-8 and three special tokens, for models that are made from nothing. It needs no files but a marker. */
public final class ByteTokenizer implements Tokenizer {
    /** {@code tokenizer_class} of the marker in {@code tokenizer_config.json}. */
    static final String CLASS_NAME = "ByteTokenizer";

    private static final int BYTES = 256;
    private static final int BEGIN = BYTES;
    private static final int END = BYTES + 1;
    private static final int PADDING = BYTES + 2;
    private static final List<String> SPECIAL = List.of("<s>", "</s>", "<pad>");

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ids[i] = Byte.toUnsignedInt(bytes[i]);
        }
        return addSpecialTokens ? SpecialTokens.prepend(BEGIN, ids) : ids;
    }

    @Override
    public Encoded encode(String text, int maxTokens) {
        return SpecialTokens.cut(encode(text, true), maxTokens);
    }

    @Override
    public String decode(int[] ids, boolean skipSpecialTokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length);
        for (int id : ids) {
            if (!SpecialTokens.known(id, vocabularySize())) {
                bytes.writeBytes(SpecialTokens.UNKNOWN.getBytes(StandardCharsets.UTF_8));
            } else if (id < BYTES) {
                bytes.write(id);
            } else if (!skipSpecialTokens) {
                bytes.writeBytes(SPECIAL.get(id - BYTES).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public int vocabularySize() {
        return PADDING + 1;
    }

    /** {@code <s>}, {@code </s>} and {@code <pad>}, which no text encodes to. */
    @Override
    public OptionalInt specialToken(String text) {
        int index = SPECIAL.indexOf(text);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(BYTES + index);
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.of(BEGIN);
    }

    @Override
    public OptionalInt endOfText() {
        return OptionalInt.of(END);
    }

    @Override
    public OptionalInt padding() {
        return OptionalInt.of(PADDING);
    }

    @Override
    public void writeTo(Path folder) {
        AtomicFiles.write(
                folder.resolve(Tokenizers.CONFIG),
                "{\n  \"tokenizer_class\" : \"" + CLASS_NAME
                        + "\",\n  \"bos_token\" : \"<s>\",\n  \"eos_token\" : \"</s>\",\n  \"pad_token\" : \"<pad>\"\n}\n");
    }

    @Override
    public void close() {}
}

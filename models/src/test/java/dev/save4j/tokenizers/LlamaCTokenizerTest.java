package dev.save4j.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaCTokenizerTest {
    @TempDir
    Path folder;

    /** Pieces from 259 on: space, a, b, ab (best), ba, aba, é. */
    private Path write() throws IOException {
        return write(bytes(" :-5", "a:-5", "b:-5", "ab:-1", "ba:-2", "aba:-3", "é:-5"));
    }

    @Test
    void aSpaceAndABeginOfTextGoInFront() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.encode("a")).containsExactly(1, 259, 260);
        assertThat(tokenizer.encode("a", false)).containsExactly(259, 260);
        assertThat(tokenizer.encode("")).containsExactly(1);
        assertThat(tokenizer.encode("", false)).isEmpty();
    }

    @Test
    void theBestScoreIsMergedFirstAndThenTheLeftmost() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.encode("ba", false)).containsExactly(259, 263);
        assertThat(tokenizer.encode("bab", false)).containsExactly(259, 261, 262);
        assertThat(tokenizer.encode("ababa", false)).containsExactly(259, 262, 264);
        assertThat(tokenizer.encode("aab", false)).containsExactly(259, 260, 262);
    }

    @Test
    void equalScoresAreMergedFromTheLeft() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write(bytes(" :-5", "a:-5", "aa:-1")));
        assertThat(tokenizer.encode("aaa", false)).containsExactly(259, 261, 260);
    }

    @Test
    void charactersWithoutAPieceBecomeTheirBytes() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.encode("é€", false)).containsExactly(259, 265, 3 + 0xe2, 3 + 0x82, 3 + 0xac);
        assertThat(tokenizer.decode(tokenizer.encode("é€\n😀"))).isEqualTo("é€\n😀");
    }

    @Test
    void onlyTheSpaceAfterTheBeginOfTextIsLeftOut() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.decode(new int[] {1, 259, 260, 259, 261})).isEqualTo("a b");
        assertThat(tokenizer.decode(new int[] {259, 260})).isEqualTo(" a");
        assertThat(tokenizer.decode(new int[] {1, 260, 2, 0})).isEqualTo("a");
        assertThat(tokenizer.decode(new int[] {260, 9999, 3 + 0xe2})).isEqualTo("a\uFFFD\uFFFD");
        assertThat(tokenizer.decode(new int[] {1, 259, 260, 2, 0}, false)).isEqualTo("<s>a</s><unk>");
    }

    @Test
    void cutsTheEnd() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.encode("aab", 3)).isEqualTo(new Encoded(new int[] {1, 259, 260}, true));
        assertThat(tokenizer.encode("aab", 4)).isEqualTo(new Encoded(new int[] {1, 259, 260, 262}, false));
        assertThatThrownBy(() -> tokenizer.encode("a", 0))
                .hasMessage("a text of at most 0 tokens has no room for the 1 special tokens around it; allow more");
    }

    @Test
    void isWrittenAsTokenizerBin() throws IOException {
        Path file = write();
        Path copy = Files.createDirectory(folder.resolve("copy"));
        LlamaCTokenizer.open(file).writeTo(copy);
        assertThat(copy.resolve("tokenizer.bin")).hasSameBinaryContentAs(file);
        assertThat(Tokenizers.open(copy).encode("ba")).containsExactly(1, 259, 263);
    }

    @Test
    void knowsItsSpecialTokens() throws IOException {
        Tokenizer tokenizer = LlamaCTokenizer.open(write());
        assertThat(tokenizer.vocabularySize()).isEqualTo(266);
        assertThat(tokenizer.specialToken("<unk>")).hasValue(0);
        assertThat(tokenizer.specialToken("<s>")).hasValue(1);
        assertThat(tokenizer.specialToken("</s>")).hasValue(2);
        assertThat(tokenizer.specialToken("<pad>")).isEmpty();
        assertThat(tokenizer.padding()).isEmpty();
        assertThat(tokenizer.encodesPairs()).isFalse();
    }

    @Test
    void brokenFilesAreNamedWithThePlace() throws IOException {
        byte[] whole = bytes("a:-5");
        assertRefused(new byte[2], "it holds 2 bytes");
        assertRefused(Arrays.copyOf(whole, whole.length - 1), "token 259 has a length of 1 with 0 bytes left");
        assertRefused(Arrays.copyOf(whole, whole.length - 4), "token 259 is cut off at byte " + (whole.length - 9));
        assertRefused(Arrays.copyOf(whole, 4 + 8 + 5), "it has 1 tokens, fewer than the 259 special tokens and bytes");
        byte[] swapped = whole.clone();
        swapped[4 + 13 + 13 + 14 + 8 + 3] = '1';
        assertRefused(swapped, "token 3 is '<0x10>' instead of <0x00>");
        byte[] negative = whole.clone();
        Arrays.fill(negative, 8, 12, (byte) 0xff);
        assertRefused(negative, "token 0 has a length of -1 with " + (whole.length - 12) + " bytes left");
        assertRefused(bytes("too long a piece:-1"), "token 259 is longer than the 7 bytes that the file states");
    }

    /** The queue of merges against the plain scan for the best pair that run.c does. */
    @Test
    void mergesLikeAPlainScan() throws IOException {
        String[] pieces = new String[60];
        float[] scores = new float[pieces.length];
        Random random = new Random(3);
        Set<String> made = new LinkedHashSet<>(List.of(" ", "a", "b", "c"));
        while (made.size() < pieces.length) {
            List<String> parts = List.copyOf(made);
            made.add(parts.get(random.nextInt(parts.size())) + parts.get(random.nextInt(parts.size())));
        }
        int at = 0;
        for (String piece : made) {
            scores[at] = -random.nextInt(12);
            pieces[at] = piece + ':' + scores[at++];
        }
        List<String> vocabulary = List.copyOf(made);
        int longest = vocabulary.stream().mapToInt(String::length).max().orElseThrow();
        byte[] file = bytes(pieces);
        file[0] = (byte) longest;
        Tokenizer tokenizer = LlamaCTokenizer.open(write(file));
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(40); j >= 0; j--) {
                text.append(" abc".charAt(random.nextInt(4)));
            }
            assertThat(tokenizer.encode(text.toString(), false))
                    .as(text.toString())
                    .containsExactly(scan(" " + text, vocabulary, scores));
        }
    }

    private static int[] scan(String text, List<String> vocabulary, float[] scores) {
        List<String> parts = new ArrayList<>(List.of(text.split("")));
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int id = vocabulary.indexOf(parts.get(i) + parts.get(i + 1));
                if (id >= 0
                        && (best < 0
                                || scores[id] > scores[vocabulary.indexOf(parts.get(best) + parts.get(best + 1))])) {
                    best = i;
                }
            }
            if (best < 0) {
                return parts.stream()
                        .mapToInt(part -> 259 + vocabulary.indexOf(part))
                        .toArray();
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
    }

    @Test
    void aMissingFileIsNamed() {
        Path missing = folder.resolve("none.bin");
        assertThatThrownBy(() -> LlamaCTokenizer.open(missing)).hasMessage("there is no file " + missing);
    }

    private void assertRefused(byte[] file, String reason) throws IOException {
        Path path = write(file);
        assertThatThrownBy(() -> LlamaCTokenizer.open(path))
                .hasMessage(path + " is not a tokenizer of llama2.c: " + reason);
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("tokenizer.bin"), bytes);
    }

    private static byte[] bytes(String... piecesAndScores) {
        ByteBuffer file =
                ByteBuffer.allocate(10_000).order(ByteOrder.LITTLE_ENDIAN).putInt(7);
        put(file, "<unk>", 0);
        put(file, "<s>..", 0);
        put(file, "</s>..", 0);
        for (int b = 0; b < 256; b++) {
            put(file, String.format(Locale.ROOT, "<0x%02X>", b), 0);
        }
        for (String piece : piecesAndScores) {
            int colon = piece.lastIndexOf(':');
            put(file, piece.substring(0, colon), Float.parseFloat(piece.substring(colon + 1)));
        }
        return Arrays.copyOf(file.array(), file.position());
    }

    private static void put(ByteBuffer file, String piece, float score) {
        byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
        file.putFloat(score).putInt(bytes.length).put(bytes);
    }
}

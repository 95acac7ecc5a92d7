package dev.save4j.tokenizers;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.PriorityQueue;

/**
 * The tokenizer of llama2.c ({@code tokenizer.bin}, {@code tok512.bin}): byte pairs merged greedily by score, a begin-of-text token and a space in
 * front, single bytes where a character has no piece. It gives the same ids as {@code encode} of llama2.c's run.c.
 */
public final class LlamaCTokenizer implements Tokenizer {
    private static final int BEGIN = 1;
    private static final int END = 2;
    private static final int FIRST_BYTE = 3;
    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");
    private static final int FIRST_PIECE = FIRST_BYTE + 256;
    private static final int ENTRY_BYTES = Float.BYTES + Integer.BYTES;
    /** Below it run.c does not merge. */
    private static final float LOWEST_SCORE = -1e10f;

    private final byte[] file;
    private final List<byte[]> pieces;
    private final float[] scores;
    /** Bytes are held as characters of Latin 1, which are compared and joined cheaply. */
    private final Map<String, Integer> ids;

    private LlamaCTokenizer(byte[] file, List<byte[]> pieces, float[] scores) {
        this.file = file;
        this.pieces = pieces;
        this.scores = scores;
        this.ids = new HashMap<>();
        for (int id = 0; id < pieces.size(); id++) {
            ids.putIfAbsent(new String(pieces.get(id), StandardCharsets.ISO_8859_1), id);
        }
    }

    /** Reads a tokenizer file; a USER error with the offset when it is none. */
    public static LlamaCTokenizer open(Path path) {
        byte[] file = JsonFiles.bytes(path);
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() < Integer.BYTES) {
            throw refusal(path, "it holds " + file.length + " bytes");
        }
        int longest = bytes.getInt();
        List<byte[]> pieces = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        while (bytes.hasRemaining()) {
            if (bytes.remaining() < ENTRY_BYTES) {
                throw refusal(path, "token " + pieces.size() + " is cut off at byte " + bytes.position());
            }
            scores.add(bytes.getFloat());
            int length = bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw refusal(
                        path,
                        "token " + pieces.size() + " has a length of " + length + " with " + bytes.remaining()
                                + " bytes left");
            }
            byte[] piece = new byte[length];
            bytes.get(piece);
            pieces.add(piece);
        }
        requireBytes(path, pieces, longest);
        float[] scoreOf = new float[scores.size()];
        for (int id = 0; id < scoreOf.length; id++) {
            scoreOf[id] = scores.get(id);
        }
        return new LlamaCTokenizer(file, pieces, scoreOf);
    }

    private static void requireBytes(Path path, List<byte[]> pieces, int longest) {
        if (pieces.size() < FIRST_PIECE) {
            throw refusal(
                    path,
                    "it has " + pieces.size() + " tokens, fewer than the " + FIRST_PIECE + " special tokens and bytes");
        }
        for (int id = FIRST_BYTE; id < FIRST_PIECE; id++) {
            String expected = String.format(Locale.ROOT, "<0x%02X>", id - FIRST_BYTE);
            String found = new String(pieces.get(id), StandardCharsets.UTF_8);
            if (!found.equals(expected)) {
                throw refusal(path, "token " + id + " is '" + found + "' instead of " + expected);
            }
        }
        for (int id = FIRST_PIECE; id < pieces.size(); id++) {
            if (pieces.get(id).length > longest) {
                throw refusal(path, "token " + id + " is longer than the " + longest + " bytes that the file states");
            }
        }
    }

    private static SaveException refusal(Path path, String what) {
        return SaveException.user(path + " is not a tokenizer of llama2.c: " + what);
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        int[] merged = text.isEmpty() ? new int[0] : merge(characters(text));
        return addSpecialTokens ? SpecialTokens.prepend(BEGIN, merged) : merged;
    }

    @Override
    public Encoded encode(String text, int maxTokens) {
        return SpecialTokens.cut(encode(text, true), maxTokens);
    }

    /** One id per character, or per byte of a character without a piece, with a space in front. */
    private int[] characters(String text) {
        String spaced = " " + text;
        List<Integer> found = new ArrayList<>();
        spaced.codePoints().forEach(codePoint -> {
            byte[] bytes = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
            Integer id = ids.get(new String(bytes, StandardCharsets.ISO_8859_1));
            if (id != null) {
                found.add(id);
                return;
            }
            for (byte b : bytes) {
                found.add(FIRST_BYTE + Byte.toUnsignedInt(b));
            }
        });
        return found.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Two neighbours that make a piece, as they were when it was found. */
    private record Merge(int left, int leftId, int right, int rightId, int id, float score)
            implements Comparable<Merge> {
        /** The best score first, then the leftmost: the order in which run.c, which scans from the left, finds them. */
        @Override
        public int compareTo(Merge other) {
            // Unlike Float.compare, 0.0 and -0.0 are equal here, as they are in C.
            return score > other.score ? -1 : score < other.score ? 1 : Integer.compare(left, other.left);
        }
    }

    private int[] merge(int[] current) {
        int size = current.length;
        int[] next = new int[size];
        int[] previous = new int[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1 < size ? i + 1 : -1;
            previous[i] = i - 1;
        }
        PriorityQueue<Merge> queue = new PriorityQueue<>();
        for (int i = 0; i + 1 < size; i++) {
            offer(queue, current, i, i + 1);
        }
        int left = size;
        for (Merge merge = queue.poll(); merge != null; merge = queue.poll()) {
            boolean stale = current[merge.left] != merge.leftId
                    || next[merge.left] != merge.right
                    || current[merge.right] != merge.rightId;
            if (stale) {
                continue;
            }
            current[merge.left] = merge.id;
            current[merge.right] = -1;
            int after = next[merge.right];
            next[merge.left] = after;
            left--;
            if (after >= 0) {
                previous[after] = merge.left;
                offer(queue, current, merge.left, after);
            }
            if (previous[merge.left] >= 0) {
                offer(queue, current, previous[merge.left], merge.left);
            }
        }
        int[] result = new int[left];
        for (int i = 0, at = 0; at < left; i = next[i]) {
            result[at++] = current[i];
        }
        return result;
    }

    private void offer(PriorityQueue<Merge> queue, int[] current, int left, int right) {
        String joined = new String(pieces.get(current[left]), StandardCharsets.ISO_8859_1)
                + new String(pieces.get(current[right]), StandardCharsets.ISO_8859_1);
        Integer id = ids.get(joined);
        if (id != null && scores[id] > LOWEST_SCORE) {
            queue.add(new Merge(left, current[left], right, current[right], id, scores[id]));
        }
    }

    /** A space at the beginning of the piece after a begin-of-text token is the one that encoding put there, and is left out. */
    @Override
    public String decode(int[] ids, boolean skipSpecialTokens) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int before = -1;
        for (int id : ids) {
            if (!SpecialTokens.known(id, pieces.size())) {
                text.writeBytes(SpecialTokens.UNKNOWN.getBytes(StandardCharsets.UTF_8));
            } else if (id >= FIRST_PIECE) {
                byte[] piece = pieces.get(id);
                int skipped = before == BEGIN && piece.length > 0 && piece[0] == ' ' ? 1 : 0;
                text.write(piece, skipped, piece.length - skipped);
            } else if (id >= FIRST_BYTE) {
                text.write(id - FIRST_BYTE);
            } else if (!skipSpecialTokens) {
                text.writeBytes(SPECIAL.get(id).getBytes(StandardCharsets.UTF_8));
            }
            before = id;
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    @Override
    public int vocabularySize() {
        return pieces.size();
    }

    /** {@code <unk>}, {@code <s>} and {@code </s>}, which no text encodes to. */
    @Override
    public OptionalInt specialToken(String text) {
        int id = SPECIAL.indexOf(text);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
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
        return OptionalInt.empty();
    }

    @Override
    public void writeTo(Path folder) {
        AtomicFiles.write(folder.resolve(Tokenizers.LLAMA_C), file);
    }

    @Override
    public void close() {}
}

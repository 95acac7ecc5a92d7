package dev.save4j.tokenizers;

import ai.djl.huggingface.tokenizers.Encoding;
import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * A {@code tokenizer.json} run by Hugging Face's own library, through DJL. Truncation and padding that the file switches on are switched off. The
 * texts of the special tokens come from {@code tokenizer_config.json} beside it.
 */
public final class HuggingFaceTokenizer implements Tokenizer {
    private static final Set<String> PAIR_PROCESSORS =
            Set.of("TemplateProcessing", "BertProcessing", "RobertaProcessing");

    private static final String SPECIAL_TOKENS_MAP = "special_tokens_map.json";
    /** The files beside it that say more about it. */
    private static final List<String> SETTINGS =
            List.of(Tokenizers.CONFIG, SPECIAL_TOKENS_MAP, "added_tokens.json", "chat_template.jinja");

    static {
        // DJL calls home and looks for newer files unless it is told not to before its first class loads.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
    }

    private final Map<String, byte[]> files;
    private final ai.djl.huggingface.tokenizers.HuggingFaceTokenizer library;
    private final Map<String, Integer> addedTokens;
    private final int vocabularySize;
    private final boolean pairs;
    private final OptionalInt beginOfText;
    private final OptionalInt endOfText;
    private final OptionalInt padding;

    private HuggingFaceTokenizer(
            Map<String, byte[]> files,
            ai.djl.huggingface.tokenizers.HuggingFaceTokenizer library,
            JsonNode tokenizer,
            Map<String, String> named) {
        this.files = files;
        this.library = library;
        this.addedTokens = new HashMap<>();
        for (JsonNode token : tokenizer.path("added_tokens")) {
            addedTokens.put(token.path("content").asString(""), token.path("id").asInt(-1));
        }
        this.vocabularySize = 1
                + Math.max(
                        addedTokens.values().stream()
                                .mapToInt(Integer::intValue)
                                .max()
                                .orElse(-1),
                        largestId(tokenizer.path("model").path("vocab")));
        this.pairs = hasPairTemplate(tokenizer.path("post_processor"));
        this.beginOfText = named("bos_token", named);
        this.endOfText = named("eos_token", named);
        this.padding = named("pad_token", named);
    }

    /** Opens a {@code tokenizer.json}; a USER error naming the file when the library cannot. */
    public static HuggingFaceTokenizer open(Path path) {
        JsonNode tokenizer = JsonFiles.readObject(path);
        return open(path, tokenizer, JsonFiles.bytes(path), Map.of());
    }

    /** Opens the older pair of files that GPT-2 came with, {@code encoder.json} and {@code vocab.bpe} or their newer names. */
    static HuggingFaceTokenizer openGpt2(Path vocabulary, Path merges) {
        JsonNode tokenizer = Gpt2Files.tokenizerJson(vocabulary, merges);
        byte[] config = JsonFiles.text(Gpt2Files.config()).getBytes(StandardCharsets.UTF_8);
        byte[] json = JsonFiles.text(tokenizer).getBytes(StandardCharsets.UTF_8);
        return open(vocabulary, tokenizer, json, Map.of(Tokenizers.CONFIG, config));
    }

    private static HuggingFaceTokenizer open(Path path, JsonNode tokenizer, byte[] json, Map<String, byte[]> defaults) {
        Map<String, byte[]> files = new LinkedHashMap<>(defaults);
        files.put(Tokenizers.HUGGING_FACE, json);
        for (String name : SETTINGS) {
            Path beside = path.resolveSibling(name);
            if (Files.isRegularFile(beside)) {
                files.put(name, JsonFiles.bytes(beside));
            }
        }
        Map<String, String> named = specialTokens(files, path);
        Map<String, String> options = new HashMap<>(Map.of("truncation", "false", "padding", "false"));
        try (ByteArrayInputStream in = new ByteArrayInputStream(json)) {
            return new HuggingFaceTokenizer(
                    files,
                    ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(in, options),
                    tokenizer,
                    named);
        } catch (IOException | RuntimeException refused) {
            throw SaveException.user(path + " is not a tokenizer that can be read: " + refused.getMessage(), refused);
        } catch (UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError missing) {
            throw SaveException.engine(
                    "the native tokenizers library could not be loaded on this machine; it exists for Linux, macOS on ARM and"
                            + " Windows, 64 bit: " + missing,
                    missing);
        }
    }

    /** The texts of {@code bos_token} and so on; a token is a text or an object with the key {@code content}. */
    private static Map<String, String> specialTokens(Map<String, byte[]> files, Path path) {
        Map<String, String> named = new HashMap<>();
        for (String name : List.of(SPECIAL_TOKENS_MAP, Tokenizers.CONFIG)) {
            byte[] json = files.get(name);
            if (json == null) {
                continue;
            }
            JsonNode config = JsonFiles.object(path.resolveSibling(name), json);
            for (String key : new String[] {"bos_token", "eos_token", "pad_token"}) {
                JsonNode token = config.path(key);
                JsonNode text = token.isObject() ? token.path("content") : token;
                if (text.isString()) {
                    named.put(key, text.stringValue());
                }
            }
        }
        return named;
    }

    private static int largestId(JsonNode vocabulary) {
        if (vocabulary.isArray()) {
            return vocabulary.size() - 1;
        }
        int largest = -1;
        for (JsonNode id : vocabulary) {
            largest = Math.max(largest, id.asInt(-1));
        }
        return largest;
    }

    private static boolean hasPairTemplate(JsonNode processor) {
        for (JsonNode part : processor.path("processors")) {
            if (hasPairTemplate(part)) {
                return true;
            }
        }
        return PAIR_PROCESSORS.contains(processor.path("type").asString(""));
    }

    /** BERT's files often name no padding, yet every one of them has {@code [PAD]}. */
    private OptionalInt named(String key, Map<String, String> named) {
        String text = named.get(key);
        if (text == null) {
            return key.equals("pad_token") ? specialToken("[PAD]") : OptionalInt.empty();
        }
        return specialToken(text);
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        return ints(library.encode(text, addSpecialTokens, false).getIds());
    }

    @Override
    public Encoded encode(String text, int maxTokens) {
        return new Cut(library.encode(text, true, false), maxTokens).single();
    }

    @Override
    public boolean encodesPairs() {
        return pairs;
    }

    @Override
    public EncodedPair encodePair(String first, String second, int maxTokens) {
        if (!pairs) {
            return Tokenizer.super.encodePair(first, second, maxTokens);
        }
        return new Cut(library.encode(first, second, true, false), maxTokens).pair();
    }

    @Override
    public String decode(int[] ids, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        int begin = 0;
        for (int i = 0; i < ids.length; i++) {
            if (!SpecialTokens.known(ids[i], vocabularySize)) {
                text.append(decodeKnown(ids, begin, i, skipSpecialTokens)).append(SpecialTokens.UNKNOWN);
                begin = i + 1;
            }
        }
        return text.append(decodeKnown(ids, begin, ids.length, skipSpecialTokens))
                .toString();
    }

    private String decodeKnown(int[] ids, int begin, int end, boolean skipSpecialTokens) {
        return begin == end
                ? ""
                : library.decode(Arrays.stream(ids, begin, end).asLongStream().toArray(), skipSpecialTokens);
    }

    @Override
    public int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public OptionalInt specialToken(String text) {
        Integer id = addedTokens.get(text);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt beginOfText() {
        return beginOfText;
    }

    @Override
    public OptionalInt endOfText() {
        return endOfText;
    }

    @Override
    public OptionalInt padding() {
        return padding;
    }

    @Override
    public void writeTo(Path folder) {
        files.forEach((name, bytes) -> AtomicFiles.write(folder.resolve(name), bytes));
    }

    @Override
    public void close() {
        library.close();
    }

    private static int[] ints(long[] wide) {
        int[] narrow = new int[wide.length];
        for (int i = 0; i < wide.length; i++) {
            narrow[i] = Math.toIntExact(wide[i]);
        }
        return narrow;
    }

    /** Leaves out the ends of the texts but none of the tokens that the template puts around them. */
    private static final class Cut {
        private final int[] ids;
        private final int[] types;
        private final int kept;

        Cut(Encoding encoding, int maxTokens) {
            long[] special = encoding.getSpecialTokenMask();
            long[] sequence = encoding.getSequenceIds();
            int[] lengths = new int[2];
            for (int i = 0; i < special.length; i++) {
                if (special[i] == 0) {
                    lengths[sequence[i] == 1 ? 1 : 0]++;
                }
            }
            int template = special.length - lengths[0] - lengths[1];
            SpecialTokens.requireRoom(template, maxTokens);
            shorten(lengths, maxTokens - template);
            this.ids = new int[special.length];
            this.types = new int[special.length];
            int at = 0;
            for (int i = 0; i < special.length; i++) {
                if (special[i] == 1 || lengths[sequence[i] == 1 ? 1 : 0]-- > 0) {
                    ids[at] = Math.toIntExact(encoding.getIds()[i]);
                    types[at++] = Math.toIntExact(encoding.getTypeIds()[i]);
                }
            }
            this.kept = at;
        }

        /** The longer one first, then both alike, as {@code LongestFirst} of the tokenizers library does. */
        private static void shorten(int[] lengths, int room) {
            int excess = lengths[0] + lengths[1] - room;
            if (excess <= 0) {
                return;
            }
            int longer = lengths[0] > lengths[1] ? 0 : 1;
            int shorter = 1 - longer;
            int fromLonger = Math.min(excess, lengths[longer] - lengths[shorter]);
            lengths[longer] -= fromLonger;
            int rest = excess - fromLonger;
            lengths[shorter] -= (rest + 1) / 2;
            lengths[longer] -= rest / 2;
        }

        Encoded single() {
            return new Encoded(Arrays.copyOf(ids, kept), kept < ids.length);
        }

        EncodedPair pair() {
            return new EncodedPair(Arrays.copyOf(ids, kept), Arrays.copyOf(types, kept), kept < ids.length);
        }
    }
}

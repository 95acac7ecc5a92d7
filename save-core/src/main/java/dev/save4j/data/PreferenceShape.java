package dev.save4j.data;

import dev.save4j.data.Columns.Kind;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The layouts of preference sets that are recognised, with the columns that tell them. */
public enum PreferenceShape {
    /** Prompt and two answers as text, as TRL documents it. */
    TRL_EXPLICIT("TRL explicit prompt", "prompt, chosen, rejected (text)"),
    /** The same with a score for each answer, as the binarized UltraFeedback sets have it. */
    ULTRAFEEDBACK(
            "UltraFeedback",
            "prompt, chosen, rejected (text), metadata.score_chosen and .score_rejected, or at the top level"),
    /** Two whole texts whose common beginning is the prompt. */
    TRL_IMPLICIT("TRL implicit prompt", "chosen, rejected (text)"),
    /** Two whole dialogues in Anthropic's notation; the prompt goes up to and including the last {@code "\n\nAssistant:"}. */
    HH_TRANSCRIPT("HH transcript", "chosen, rejected (text beginning with \"\\n\\nHuman:\")"),
    /** Prompt and answers as messages. */
    TRL_CONVERSATIONAL("TRL conversational", "prompt, chosen, rejected (lists of role and content; one may stay text)"),
    /** Two whole conversations whose common beginning is the prompt. */
    TRL_CONVERSATIONAL_IMPLICIT("TRL conversational, implicit prompt", "chosen, rejected (lists of role and content)"),
    /** One conversation with the chosen answer at its end, and what to put in its place. */
    MS_SWIFT(
            "ms-swift",
            "messages ending with the assistant, rejected_response or rejected_messages, optionally margin"),
    /** LLaMA-Factory's ranking layout. */
    SHAREGPT(
            "LLaMA-Factory ShareGPT",
            "conversations (list of from and value), chosen, rejected (objects of from and value)");

    private final String title;
    private final String columns;

    PreferenceShape(String title, String columns) {
        this.title = title;
        this.columns = columns;
    }

    /** What people call it. */
    public String title() {
        return title;
    }

    /** The columns by which it is recognised. */
    public String columns() {
        return columns;
    }

    static Optional<PreferenceShape> detect(Columns columns) {
        if (columns.has("messages", Kind.LIST)
                && (columns.has("rejected_response", Kind.TEXT)
                        || columns.has("rejected_response", Kind.LIST)
                        || columns.has("rejected_messages", Kind.LIST))) {
            return Optional.of(MS_SWIFT);
        }
        if (columns.has("conversations", Kind.LIST)
                && columns.has("chosen", Kind.OBJECT)
                && columns.has("rejected", Kind.OBJECT)) {
            return Optional.of(SHAREGPT);
        }
        if (columns.has("chosen", Kind.TEXT) && columns.has("rejected", Kind.TEXT)) {
            return Optional.of(ofTexts(columns));
        }
        if (columns.has("chosen", Kind.LIST) && columns.has("rejected", Kind.LIST)) {
            boolean prompt = columns.has("prompt", Kind.TEXT) || columns.has("prompt", Kind.LIST);
            return Optional.of(prompt ? TRL_CONVERSATIONAL : TRL_CONVERSATIONAL_IMPLICIT);
        }
        return Optional.empty();
    }

    private static PreferenceShape ofTexts(Columns columns) {
        if (columns.has("prompt", Kind.LIST)) {
            return TRL_CONVERSATIONAL;
        }
        if (columns.has("prompt", Kind.TEXT)) {
            boolean scores = columns.rows().stream()
                    .anyMatch(row -> PreferenceParser.scores(row).isPresent());
            return scores ? ULTRAFEEDBACK : TRL_EXPLICIT;
        }
        boolean transcripts = columns.rows().stream()
                .allMatch(row -> Transcript.matches(row.path("chosen").asString(""))
                        && Transcript.matches(row.path("rejected").asString("")));
        return transcripts ? HH_TRANSCRIPT : TRL_IMPLICIT;
    }

    static String known() {
        return Arrays.stream(values())
                .map(shape -> "  " + shape.title + ": " + shape.columns)
                .collect(Collectors.joining("\n"));
    }
}

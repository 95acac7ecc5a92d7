package dev.save4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** Turns rows of one {@link PreferenceShape} into preferences. */
final class PreferenceParser implements RowShape<Preference> {
    private final PreferenceShape shape;
    private final MarginSource marginSource;

    PreferenceParser(PreferenceShape shape, MarginSource marginSource) {
        this.shape = shape;
        this.marginSource = marginSource;
    }

    /** A pair of answers to one prompt. */
    private record Pair(Passage prompt, Passage chosen, Passage rejected) {}

    @Override
    public String title() {
        return shape.title();
    }

    @Override
    public Preference parse(JsonNode row) throws BadRowException {
        if (!row.isObject()) {
            throw new BadRowException("the row is " + Nodes.kind(row) + ", expected an object");
        }
        Pair pair = switch (shape) {
            case TRL_EXPLICIT, ULTRAFEEDBACK ->
                new Pair(
                        new PlainText(Nodes.text(row, "prompt")),
                        new PlainText(Nodes.text(row, "chosen")),
                        new PlainText(Nodes.text(row, "rejected")));
            case TRL_IMPLICIT -> splitTexts(Nodes.text(row, "chosen"), Nodes.text(row, "rejected"));
            case HH_TRANSCRIPT -> splitTranscripts(Nodes.text(row, "chosen"), Nodes.text(row, "rejected"));
            case TRL_CONVERSATIONAL -> conversational(row);
            case TRL_CONVERSATIONAL_IMPLICIT ->
                splitConversations(
                        Nodes.conversation(Nodes.required(row, "chosen"), "chosen"),
                        Nodes.conversation(Nodes.required(row, "rejected"), "rejected"));
            case MS_SWIFT -> swift(row);
            case SHAREGPT ->
                new Pair(
                        withSystem(row, Nodes.conversation(Nodes.required(row, "conversations"), "conversations")),
                        new Conversation(List.of(Nodes.message(Nodes.required(row, "chosen"), "chosen"))),
                        new Conversation(List.of(Nodes.message(Nodes.required(row, "rejected"), "rejected"))));
        };
        return new Preference(pair.prompt, pair.chosen, pair.rejected, margin(row));
    }

    @Override
    public boolean isTie(Preference value) {
        return value.isTie();
    }

    @Override
    public boolean hasEmptyAnswer(Preference value) {
        return value.chosen().isEmpty() || value.rejected().isEmpty();
    }

    @Override
    public long fingerprint(Preference value) {
        long hash = fingerprint(0x5a7e4a1L, value.prompt());
        return fingerprint(fingerprint(hash, value.chosen()), value.rejected());
    }

    static long fingerprint(long hash, Passage passage) {
        if (passage instanceof PlainText plain) {
            return Fingerprints.mix(hash, plain.text());
        }
        long result = hash + 1;
        for (Message message : ((Conversation) passage).messages()) {
            result = Fingerprints.mix(Fingerprints.mix(result, message.role()), message.content());
        }
        return result;
    }

    @Override
    public OptionalDouble scoreDifference(JsonNode row) {
        return scores(row).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /** {@code score_chosen - score_rejected}, from the row itself or from its metadata. */
    static Optional<Double> scores(JsonNode row) {
        for (JsonNode place : List.of(row, row.path("metadata"))) {
            JsonNode chosen = place.path("score_chosen");
            JsonNode rejected = place.path("score_rejected");
            if (chosen.isNumber() && rejected.isNumber()) {
                double difference = chosen.doubleValue() - rejected.doubleValue();
                return Double.isFinite(difference) ? Optional.of(difference) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private OptionalDouble margin(JsonNode row) throws BadRowException {
        switch (marginSource) {
            case NONE -> {
                return OptionalDouble.empty();
            }
            case SCORES -> {
                return OptionalDouble.of(scores(row)
                        .orElseThrow(
                                () -> new BadRowException("score_chosen and score_rejected are not both numbers")));
            }
            case COLUMN -> {
                if (!Nodes.present(row, "margin")) {
                    return OptionalDouble.empty();
                }
                JsonNode margin = row.get("margin");
                if (!margin.isNumber() || !Double.isFinite(margin.doubleValue())) {
                    throw new BadRowException("column margin is " + margin + ", expected a finite number");
                }
                return OptionalDouble.of(margin.doubleValue());
            }
        }
        throw new IllegalStateException("unreachable: " + marginSource);
    }

    private static Pair splitTranscripts(String chosen, String rejected) throws BadRowException {
        int split = chosen.lastIndexOf(Transcript.ASSISTANT) + Transcript.ASSISTANT.length();
        int other = rejected.lastIndexOf(Transcript.ASSISTANT) + Transcript.ASSISTANT.length();
        if (split < Transcript.ASSISTANT.length() || other < Transcript.ASSISTANT.length()) {
            throw new BadRowException("a transcript has no \"\\n\\nAssistant:\"");
        }
        if (split != other || !chosen.regionMatches(0, rejected, 0, split)) {
            throw new BadRowException(
                    "the transcripts differ before their last \"\\n\\nAssistant:\", so they share no prompt");
        }
        return texts(chosen, rejected, split);
    }

    /**
     * The common beginning is the prompt, cut back to the start of the word in which the texts part, so that no word is torn; white space
     * before it goes to the answers, as in TRL's {@code extract_prompt}.
     */
    private static Pair splitTexts(String chosen, String rejected) {
        if (chosen.equals(rejected)) {
            return texts(chosen, rejected, 0);
        }
        int limit = Math.min(chosen.length(), rejected.length());
        int split = 0;
        while (split < limit && chosen.charAt(split) == rejected.charAt(split)) {
            split++;
        }
        while (split > 0 && isInsideWord(chosen, rejected, split)) {
            split--;
        }
        if (split > 0 && chosen.charAt(split - 1) == ' ') {
            split--;
        }
        return texts(chosen, rejected, split);
    }

    private static boolean isInsideWord(String chosen, String rejected, int split) {
        char before = chosen.charAt(split - 1);
        if (Character.isHighSurrogate(before)) {
            return true;
        }
        if (!Character.isLetterOrDigit(before) || Character.isIdeographic(before)) {
            return split == chosen.length() || split == rejected.length();
        }
        return true;
    }

    private static Pair texts(String chosen, String rejected, int split) {
        return new Pair(
                new PlainText(chosen.substring(0, split)),
                new PlainText(chosen.substring(split)),
                new PlainText(rejected.substring(split)));
    }

    private static Pair conversational(JsonNode row) throws BadRowException {
        Passage prompt = Nodes.passage(row, "prompt");
        Conversation chosen = answer(Nodes.passage(row, "chosen"));
        Conversation rejected = answer(Nodes.passage(row, "rejected"));
        if (prompt instanceof Conversation conversation) {
            return new Pair(conversation, chosen, rejected);
        }
        // Some sets repeat the prompt in front of both answers and give it as text besides.
        int shared = sharedTurns(chosen, rejected);
        if (shared > 0) {
            return splitConversations(chosen, rejected);
        }
        return new Pair(new Conversation(List.of(Message.user(prompt.text()))), chosen, rejected);
    }

    private static Conversation answer(Passage passage) {
        return passage instanceof Conversation conversation
                ? conversation
                : new Conversation(List.of(Message.assistant(passage.text())));
    }

    /** The number of common leading messages that can be a prompt: at least one message stays on either side. */
    private static int sharedTurns(Conversation chosen, Conversation rejected) {
        int shortest = Math.min(chosen.messages().size(), rejected.messages().size());
        return Math.min(chosen.commonPrefix(rejected), Math.max(0, shortest - 1));
    }

    private static Pair splitConversations(Conversation chosen, Conversation rejected) throws BadRowException {
        int shared = sharedTurns(chosen, rejected);
        if (shared == 0) {
            throw new BadRowException("chosen and rejected share no message, so there is no prompt");
        }
        return new Pair(chosen.first(shared), chosen.from(shared), rejected.from(shared));
    }

    private static Pair swift(JsonNode row) throws BadRowException {
        Conversation messages = withSystem(row, Nodes.conversation(Nodes.required(row, "messages"), "messages"));
        int last = messages.messages().size() - 1;
        if (last < 0 || !messages.messages().get(last).role().equals("assistant")) {
            throw new BadRowException("messages does not end with the assistant");
        }
        if (Nodes.present(row, "rejected_messages")) {
            Conversation rejected =
                    withSystem(row, Nodes.conversation(row.get("rejected_messages"), "rejected_messages"));
            if (sharedTurns(messages, rejected) > 0) {
                return splitConversations(messages, rejected);
            }
            return new Pair(messages.first(last), messages.from(last), rejected);
        }
        Conversation rejected = answer(Nodes.passage(row, "rejected_response"));
        return new Pair(messages.first(last), messages.from(last), rejected);
    }

    private static Conversation withSystem(JsonNode row, Conversation conversation) throws BadRowException {
        if (!Nodes.present(row, "system") || Nodes.text(row, "system").isEmpty()) {
            return conversation;
        }
        List<Message> messages = new ArrayList<>();
        messages.add(new Message("system", Nodes.text(row, "system")));
        messages.addAll(conversation.messages());
        return new Conversation(messages);
    }
}

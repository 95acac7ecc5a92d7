package dev.save4j.data;

/** Text without roles; white space at either end belongs to it, so that prompt and answer may simply be joined. */
public record PlainText(String text) implements Passage {
    @Override
    public boolean isEmpty() {
        return text.isEmpty();
    }
}

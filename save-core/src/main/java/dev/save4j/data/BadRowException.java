package dev.save4j.data;

/** A row that does not fit the shape of its data set; turned into a {@link BadRow} by the stream. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1L;

    BadRowException(String reason) {
        super(reason, null, false, false);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}

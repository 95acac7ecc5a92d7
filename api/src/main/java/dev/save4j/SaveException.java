package dev.save4j;

import java.util.Objects;

/**
 * The one exception of save4j. The message says what was given, what was expected, where, and what to do; it is meant to be shown to the
 * user without a stack trace unless the kind is {@link Kind#INTERNAL}.
 */
public final class SaveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Who can mend it, and with it the exit code of the command line. */
    public enum Kind {
        /** The input, configuration or command is wrong; the user can mend it. */
        USER(2),
        /** An engine refused or failed. */
        ENGINE(3),
        /** Memory, disk or another resource is exhausted. */
        RESOURCES(3),
        /** A defect in save4j. */
        INTERNAL(1);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;

    private SaveException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    private SaveException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public static SaveException user(String message) {
        return new SaveException(Kind.USER, message);
    }

    public static SaveException user(String message, Throwable cause) {
        return new SaveException(Kind.USER, message, cause);
    }

    public static SaveException engine(String message) {
        return new SaveException(Kind.ENGINE, message);
    }

    public static SaveException engine(String message, Throwable cause) {
        return new SaveException(Kind.ENGINE, message, cause);
    }

    public static SaveException resources(String message) {
        return new SaveException(Kind.RESOURCES, message);
    }

    public static SaveException resources(String message, Throwable cause) {
        return new SaveException(Kind.RESOURCES, message, cause);
    }

    public static SaveException internal(String message) {
        return new SaveException(Kind.INTERNAL, message);
    }

    public static SaveException internal(String message, Throwable cause) {
        return new SaveException(Kind.INTERNAL, message, cause);
    }

    public Kind kind() {
        return kind;
    }

    /** The same failure, told with the place where it came about. */
    public SaveException in(String place) {
        return new SaveException(kind, place + ": " + getMessage(), this);
    }

    /** The message, which every error of save4j has. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}

package dev.save4j.chat;

/** What went wrong while a template was rendered; the template's name and the line are added where it is caught. */
final class TemplateFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TemplateFailure(String message) {
        super(message);
    }
}

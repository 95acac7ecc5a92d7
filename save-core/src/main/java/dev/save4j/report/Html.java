package dev.save4j.report;

/** Writes HTML. Text is escaped unless it goes through {@link #raw}. */
public final class Html {
    private final StringBuilder text = new StringBuilder();

    /** Markup, as it is. */
    public Html raw(String markup) {
        text.append(markup);
        return this;
    }

    /** Text, with its special characters escaped. */
    public Html text(String content) {
        text.append(escape(content));
        return this;
    }

    /** An element that holds text, its start tag given whole, as in {@code <p class="faint">}. */
    public Html element(String startTag, String content) {
        String name = startTag.substring(1).split("[ >]", 2)[0];
        return raw(startTag).text(content).raw("</" + name + ">\n");
    }

    /** Safe between tags and in quoted attributes; control characters, which HTML does not allow, become U+FFFD. */
    static String escape(String content) {
        StringBuilder escaped = new StringBuilder(content.length());
        content.codePoints().forEach(point -> {
            switch (point) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> {
                    boolean allowed = point >= ' ' && point != 0x7f
                            ? Character.getType(point) != Character.SURROGATE
                            : point == '\n' || point == '\t';
                    escaped.appendCodePoint(allowed ? point : 0xfffd);
                }
            }
        });
        return escaped.toString();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}

package dev.save4j.chat;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;

/** Python's small languages for formatting, as far as templates use them; anything else is a failure. */
final class Formats {
    private Formats() {}

    /** {@code text % values} with {@code %s}, {@code %d}, {@code %i} and {@code %%}. */
    static String percent(String text, Object values) {
        List<Object> given = values instanceof Values.Tuple tuple ? tuple.items() : List.of(values);
        StringBuilder out = new StringBuilder();
        int used = 0;
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) != '%') {
                out.append(text.charAt(at));
                continue;
            }
            char what = ++at < text.length() ? text.charAt(at) : ' ';
            if (what == '%') {
                out.append('%');
                continue;
            } else if (what != 's' && what != 'd' && what != 'i' || used == given.size()) {
                throw new TemplateFailure("cannot format '" + text + "': expected %s, %d or %% with a value for each");
            }
            Object value = given.get(used++);
            out.append(what == 's' ? Values.text(value) : Long.toString(Values.integer(value)));
        }
        if (used != given.size()) {
            throw new TemplateFailure("'" + text + "' takes " + used + " values, but got " + given.size());
        }
        return out.toString();
    }

    /** {@code text.format(…)} with {@code {}}, {@code {0}}, {@code {name}}, doubled braces. */
    static String braces(String text, Arguments arguments) {
        StringBuilder out = new StringBuilder();
        int next = 0;
        for (int at = 0; at < text.length(); at++) {
            char here = text.charAt(at);
            if ((here == '{' || here == '}') && text.startsWith(String.valueOf(here), at + 1)) {
                out.append(here);
                at++;
            } else if (here == '{') {
                int end = text.indexOf('}', at);
                String field = end < 0 ? "" : text.substring(at + 1, end);
                if (end < 0 || !field.matches("\\w*")) {
                    throw new TemplateFailure(
                            "format supports {}, {0} and {name} without further options, got '" + text + "'");
                }
                boolean position = field.isEmpty() || Character.isDigit(field.charAt(0));
                out.append(Values.text(
                        position
                                ? arguments.positional(field.isEmpty() ? next++ : Integer.parseInt(field))
                                : arguments.named(field)));
                at = end;
            } else if (here == '}') {
                throw new TemplateFailure("a single '}' in the format '" + text + "'");
            } else {
                out.append(here);
            }
        }
        return out.toString();
    }

    /** {@code strftime} in the C locale. */
    static String time(ZonedDateTime time, String format) {
        StringBuilder out = new StringBuilder();
        for (int at = 0; at < format.length(); at++) {
            if (format.charAt(at) != '%' || at + 1 == format.length()) {
                out.append(format.charAt(at));
                continue;
            }
            boolean unpadded = format.charAt(at + 1) == '-' && at + 2 < format.length();
            at += unpadded ? 2 : 1;
            String part = timePart(time, format.charAt(at), format);
            out.append(unpadded ? part.replaceFirst("^0+(?=\\d)", "") : part);
        }
        return out.toString();
    }

    private static String timePart(ZonedDateTime time, char directive, String format) {
        switch (directive) {
            case '%':
                return "%";
            case 'j':
                return String.format(Locale.ROOT, "%03d", time.get(ChronoField.DAY_OF_YEAR));
            case 'e':
                return String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
            default:
                String directives = "YymdBbAaHIMSpFT";
                int at = directives.indexOf(directive);
                if (at < 0) {
                    throw new TemplateFailure("strftime does not know %" + directive + " in '" + format + "'");
                }
                String pattern = List.of(
                                "yyyy",
                                "yy",
                                "MM",
                                "dd",
                                "MMMM",
                                "MMM",
                                "EEEE",
                                "EEE",
                                "HH",
                                "hh",
                                "mm",
                                "ss",
                                "a",
                                "yyyy-MM-dd",
                                "HH:mm:ss")
                        .get(at);
                return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
        }
    }
}

package dev.save4j.chat;

import dev.save4j.SaveException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a template into tokens as Jinja does with {@code trim_blocks} and {@code lstrip_blocks}: the first line feed after a tag or comment goes,
 * and so does the white space before one that begins its line; {@code -} removes all white space on its side, {@code +} keeps it.
 */
final class Lexer {
    private static final Pattern RAW = Pattern.compile("\\{%([-+]?)\\s*raw\\s*(-%\\}\\s*|%\\})");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%\\}|-%\\}\\s*|%\\}\\n?)");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    private static final Pattern FLOAT = Pattern.compile("\\d[\\d_]*(\\.\\d[\\d_]*([eE][-+]?\\d+)?|[eE][-+]?\\d+)");
    private static final Pattern INTEGER = Pattern.compile("0[xX][0-9a-fA-F_]+|\\d[\\d_]*");
    private static final Pattern STRING = Pattern.compile(
            "'([^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+)'|\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"", Pattern.DOTALL);
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|<=|>=|[-+/*%~\\[\\](){}.,:|=<>]");

    private final String name;
    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int counted;
    private boolean lineStarts = true;

    private Lexer(String source, String name) {
        this.name = name;
        String unix = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    /** The tokens of a template, the last of which is {@link Token.Kind#END}. */
    static List<Token> tokens(String source, String name) {
        Lexer lexer = new Lexer(source, name);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int begin = nextBegin();
            if (begin < 0) {
                add(Token.Kind.DATA, source.substring(position));
                moveTo(source.length());
                break;
            }
            Matcher raw = RAW.matcher(source).region(begin, source.length());
            if (raw.lookingAt()) {
                data(begin, raw.group(1), true);
                moveTo(raw.end());
                raw();
                continue;
            }
            char kind = source.charAt(begin + 1);
            String sign = begin + 2 < source.length() && "-+".indexOf(source.charAt(begin + 2)) >= 0
                    ? source.substring(begin + 2, begin + 3)
                    : "";
            data(begin, sign, kind != '{');
            moveTo(begin + 2 + sign.length());
            if (kind == '#') {
                comment();
            } else if (kind == '{') {
                add(Token.Kind.OUTPUT_BEGIN, "{{");
                code(Token.Kind.OUTPUT_END, "}}", false);
            } else {
                add(Token.Kind.TAG_BEGIN, "{%");
                code(Token.Kind.TAG_END, "%}", true);
            }
        }
        add(Token.Kind.END, "");
    }

    private int nextBegin() {
        for (int at = source.indexOf('{', position); at >= 0; at = source.indexOf('{', at + 1)) {
            if (at + 1 < source.length() && "{%#".indexOf(source.charAt(at + 1)) >= 0) {
                return at;
            }
        }
        return -1;
    }

    /** Emits the text before a tag, without the white space that the tag takes away. */
    private void data(int end, String sign, boolean strippable) {
        String text = source.substring(position, end);
        if (sign.equals("-")) {
            text = stripEnd(text);
        } else if (sign.isEmpty() && strippable) {
            int start = text.lastIndexOf('\n') + 1;
            if ((start > 0 || lineStarts) && stripEnd(text.substring(start)).isEmpty()) {
                text = text.substring(0, start);
            }
        }
        if (!text.isEmpty()) {
            add(Token.Kind.DATA, text);
        }
    }

    private static String stripEnd(String text) {
        return Text.strip(text, false, true);
    }

    private void raw() {
        Matcher end = END_RAW.matcher(source);
        if (!end.find(position)) {
            throw failure("{% raw %} without {% endraw %}");
        }
        data(end.start(), end.group(1), true);
        moveTo(end.end());
    }

    private void comment() {
        int end = source.indexOf("#}", position);
        if (end < 0) {
            throw failure("a comment {# without #}");
        }
        char before = end > position ? source.charAt(end - 1) : ' ';
        moveTo(end + 2);
        trim(before, true);
    }

    private void trim(char sign, boolean lineFeed) {
        if (sign == '-') {
            Matcher space = SPACE.matcher(source).region(position, source.length());
            if (space.lookingAt()) {
                moveTo(space.end());
            }
        } else if (sign != '+' && lineFeed && position < source.length() && source.charAt(position) == '\n') {
            moveTo(position + 1);
        }
    }

    private void code(Token.Kind endKind, String end, boolean tag) {
        Deque<Character> open = new ArrayDeque<>();
        while (position < source.length()) {
            char next = source.charAt(position);
            if (open.isEmpty()) {
                boolean signed = next == '-' || tag && next == '+';
                if (source.startsWith(end, position + (signed ? 1 : 0))) {
                    add(endKind, end);
                    moveTo(position + end.length() + (signed ? 1 : 0));
                    trim(signed ? next : ' ', tag);
                    return;
                }
            }
            if (!take(SPACE, null) && !take(NAME, Token.Kind.NAME) && !number() && !string()) {
                operator(open);
            }
        }
        throw failure("a tag without " + end);
    }

    private boolean take(Pattern pattern, Token.@Nullable Kind kind) {
        Matcher found = pattern.matcher(source).region(position, source.length());
        if (!found.lookingAt()) {
            return false;
        }
        if (kind != null) {
            add(kind, found.group());
        }
        moveTo(found.end());
        return true;
    }

    private boolean number() {
        boolean afterDot = position > 0 && source.charAt(position - 1) == '.';
        return !afterDot && take(FLOAT, Token.Kind.FLOAT) || take(INTEGER, Token.Kind.INTEGER);
    }

    private boolean string() {
        Matcher found = STRING.matcher(source).region(position, source.length());
        if (!found.lookingAt()) {
            return false;
        }
        String quoted = found.group();
        add(Token.Kind.STRING, unescaped(quoted.substring(1, quoted.length() - 1)));
        moveTo(found.end());
        return true;
    }

    private void operator(Deque<Character> open) {
        Matcher found = OPERATOR.matcher(source).region(position, source.length());
        if (!found.lookingAt()) {
            throw failure("unexpected character '" + Character.toString(source.codePointAt(position)) + "'");
        }
        String text = found.group();
        char first = text.charAt(0);
        if ("([{".indexOf(first) >= 0) {
            open.push(first == '(' ? ')' : first == '[' ? ']' : '}');
        } else if (")]}".indexOf(first) >= 0) {
            if (open.isEmpty() || open.pop() != first) {
                throw failure("unexpected '" + first + "'");
            }
        }
        add(Token.Kind.OPERATOR, text);
        moveTo(found.end());
    }

    private String unescaped(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            char next = text.charAt(at);
            if (next != '\\') {
                plain.append(next);
                continue;
            }
            char escape = text.charAt(++at);
            int simple = "ntrabfv\\'\"".indexOf(escape);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
            if (simple >= 0) {
                plain.append("\n\t\r\007\b\f\013\\'\"".charAt(simple));
            } else if (digits > 0) {
                plain.appendCodePoint(codePoint(text, at + 1, at + 1 + digits, 16));
                at += digits;
            } else if (escape >= '0' && escape <= '7') {
                int end = at;
                while (end < text.length() && end < at + 3 && text.charAt(end) >= '0' && text.charAt(end) <= '7') {
                    end++;
                }
                plain.appendCodePoint(codePoint(text, at, end, 8));
                at = end - 1;
            } else if (escape == 'N') {
                throw failure("the escape \\N{…} is not supported; write \\u and the number");
            } else if (escape != '\n') {
                plain.append('\\').append(escape);
            }
        }
        return plain.toString();
    }

    private int codePoint(String text, int start, int end, int radix) {
        try {
            int point = Integer.parseInt(text, start, end, radix);
            if (Character.isValidCodePoint(point)) {
                return point;
            }
        } catch (NumberFormatException | IndexOutOfBoundsException malformed) {
            throw failure("a malformed escape in the string '" + text + "'");
        }
        throw failure("an escape beyond U+10FFFF in the string '" + text + "'");
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private void moveTo(int next) {
        position = next;
        for (; counted < position; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
        lineStarts = position > 0 && source.charAt(position - 1) == '\n';
    }

    private SaveException failure(String what) {
        return SaveException.user("chat template " + name + ", line " + line + ": " + what);
    }
}

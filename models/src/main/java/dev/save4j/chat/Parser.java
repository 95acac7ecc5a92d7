package dev.save4j.chat;

import dev.save4j.SaveException;
import dev.save4j.chat.Statement.NameTarget;
import dev.save4j.chat.Statement.NamespaceTarget;
import dev.save4j.chat.Statement.Parameters;
import dev.save4j.chat.Statement.Target;
import dev.save4j.chat.Statement.Unpacking;
import dev.save4j.chat.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes statements of tokens; what it does not know is a USER error naming the template, the line and the construct. */
final class Parser {
    private static final Set<String> ELSEWHERE = Set.of("include", "import", "from", "extends", "block", "autoescape");

    private final TokenReader tokens;
    private final ExpressionParser expressions;
    private int loops;

    private Parser(TokenReader tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String source, String name) {
        TokenReader tokens = new TokenReader(Lexer.tokens(source, name), name);
        List<Statement> statements = new Parser(tokens).body(Set.of());
        if (!tokens.peek().is(Kind.END)) {
            throw tokens.failure("the tag " + tokens.peek().shown() + " closes nothing");
        }
        return statements;
    }

    /** Statements up to a tag of one of the names, which is left as the next token, or to the end. */
    private List<Statement> body(Set<String> ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (!tokens.peek().is(Kind.END)) {
            Token token = tokens.next();
            if (token.is(Kind.DATA)) {
                statements.add(new Statement.Data(token.line(), token.text()));
            } else if (token.is(Kind.OUTPUT_BEGIN)) {
                statements.add(new Statement.Output(tokens.peek().line(), expressions.tuple(true)));
                tokens.expect(Kind.OUTPUT_END, "}}");
            } else {
                Token name = tokens.expect(Kind.NAME, "the name of a tag");
                if (ends.contains(name.text())) {
                    tokens.back();
                    tokens.leave();
                    return statements;
                }
                statements.add(statement(name));
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.failure("the template ends before "
                    + String.join(" or ", ends.stream().sorted().toList()));
        }
        return statements;
    }

    private Statement statement(Token name) {
        switch (name.text()) {
            case "if":
                return ifStatement(name.line());
            case "for":
                return forStatement(name.line());
            case "set":
                return setStatement(name.line());
            case "macro":
                return macro(name.line());
            case "call":
                return call(name.line());
            case "filter":
                return filter(name.line());
            case "with":
                return with(name.line());
            case "generation":
                tokens.expect(Kind.TAG_END, "%}");
                return new Statement.Inner(name.line(), List.of(), List.of(), closed("endgeneration"));
            case "break":
            case "continue":
                if (loops == 0) {
                    throw tokens.failure("'" + name.text() + "' outside a loop");
                }
                tokens.expect(Kind.TAG_END, "%}");
                return new Statement.Jump(
                        name.line(), name.text().equals("break") ? Statement.Flow.BREAK : Statement.Flow.CONTINUE);
            default:
                throw tokens.failure(
                        ELSEWHERE.contains(name.text())
                                ? "the tag '" + name.text() + "' is not supported; a chat template is a single file"
                                : "the tag '" + name.text() + "' is not known");
        }
    }

    /** The body up to the one tag that closes it. */
    private List<Statement> closed(String end) {
        List<Statement> body = body(Set.of(end));
        tokens.next();
        tokens.expect(Kind.TAG_END, "%}");
        return body;
    }

    private Statement ifStatement(int line) {
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        List<Statement> otherwise = List.of();
        Set<String> ends = Set.of("elif", "else", "endif");
        while (true) {
            conditions.add(expressions.tuple(false));
            tokens.expect(Kind.TAG_END, "%}");
            bodies.add(body(ends));
            Token end = tokens.next();
            if (end.text().equals("elif")) {
                continue;
            }
            tokens.expect(Kind.TAG_END, "%}");
            if (end.text().equals("else")) {
                otherwise = closed("endif");
            }
            return new Statement.If(line, conditions, bodies, otherwise);
        }
    }

    private Statement forStatement(int line) {
        Target target = target(false);
        tokens.expectName("in");
        Expression items = expressions.tuple(false);
        Optional<Expression> condition =
                tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        if (tokens.peek().named("recursive")) {
            throw tokens.failure("a recursive loop is not supported");
        }
        tokens.expect(Kind.TAG_END, "%}");
        loops++;
        List<Statement> body = body(Set.of("else", "endfor"));
        loops--;
        Token end = tokens.next();
        tokens.expect(Kind.TAG_END, "%}");
        List<Statement> otherwise = end.text().equals("else") ? closed("endfor") : List.of();
        return new Statement.For(line, target, items, condition, body, otherwise);
    }

    private Statement setStatement(int line) {
        Target target = target(true);
        if (tokens.skip("=")) {
            Expression value = expressions.tuple(true);
            tokens.expect(Kind.TAG_END, "%}");
            return new Statement.Set(line, target, value);
        }
        Expression value = expressions.filters(new Expression.Captured());
        tokens.expect(Kind.TAG_END, "%}");
        return new Statement.Capture(line, Optional.of(target), value, closed("endset"));
    }

    private Statement macro(int line) {
        String name = tokens.expect(Kind.NAME, "the name of a macro").text();
        Parameters parameters = parameters();
        tokens.expect(Kind.TAG_END, "%}");
        return new Statement.Macro(line, name, parameters, function("endmacro"));
    }

    private Statement call(int line) {
        Parameters parameters = tokens.peek().is("(") ? parameters() : new Parameters(List.of(), List.of());
        if (!(expressions.expression() instanceof Expression.Call call)) {
            throw tokens.failure("the tag 'call' takes a call of a macro");
        }
        tokens.expect(Kind.TAG_END, "%}");
        return new Statement.CallBlock(line, parameters, call, function("endcall"));
    }

    /** A body that a break or continue cannot leave. */
    private List<Statement> function(String end) {
        int outer = loops;
        loops = 0;
        List<Statement> body = closed(end);
        loops = outer;
        return body;
    }

    private Statement filter(int line) {
        Expression value = expressions.filter(new Expression.Captured());
        value = expressions.filters(value);
        tokens.expect(Kind.TAG_END, "%}");
        return new Statement.Capture(line, Optional.empty(), value, closed("endfilter"));
    }

    private Statement with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.peek().is(Kind.TAG_END)) {
            if (!targets.isEmpty()) {
                tokens.expect(",");
            }
            targets.add(new NameTarget(tokens.expect(Kind.NAME, "a name").text()));
            tokens.expect("=");
            values.add(expressions.expression());
        }
        tokens.expect(Kind.TAG_END, "%}");
        return new Statement.Inner(line, targets, values, closed("endwith"));
    }

    private Parameters parameters() {
        List<String> names = new ArrayList<>();
        List<Optional<Expression>> defaults = new ArrayList<>();
        tokens.expect("(");
        while (!tokens.skip(")")) {
            if (!names.isEmpty()) {
                tokens.expect(",");
            }
            names.add(tokens.expect(Kind.NAME, "the name of a parameter").text());
            boolean given = tokens.skip("=");
            if (!given
                    && !defaults.isEmpty()
                    && defaults.get(defaults.size() - 1).isPresent()) {
                throw tokens.failure("a parameter without default follows one with a default");
            }
            defaults.add(given ? Optional.of(expressions.expression()) : Optional.empty());
        }
        return new Parameters(names, defaults);
    }

    private Target target(boolean namespaces) {
        List<Target> targets = new ArrayList<>();
        boolean several = false;
        do {
            if (several && !tokens.peek().is(Kind.NAME) && !tokens.peek().is("(")) {
                break;
            }
            targets.add(singleTarget(namespaces));
            several |= tokens.peek().is(",");
        } while (tokens.skip(","));
        return several ? new Unpacking(targets) : targets.get(0);
    }

    private Target singleTarget(boolean namespaces) {
        if (tokens.skip("(")) {
            Target inside = target(false);
            tokens.expect(")");
            return inside;
        }
        Token name = tokens.expect(Kind.NAME, "the name of a variable");
        if (ExpressionParser.CONSTANTS.containsKey(name.text())) {
            throw tokens.failure("'" + name.text() + "' cannot be assigned to");
        }
        if (namespaces && tokens.skip(".")) {
            return new NamespaceTarget(
                    name.text(), tokens.expect(Kind.NAME, "an attribute").text());
        }
        return new NameTarget(name.text());
    }

    /** Reads tokens one after the other and says where something is wrong. */
    static final class TokenReader {
        private static final int DEEPEST = 200;

        private final List<Token> tokens;
        private final String name;
        private int position;
        private int depth;

        TokenReader(List<Token> tokens, String name) {
            this.tokens = tokens;
            this.name = name;
        }

        Token peek() {
            return tokens.get(position);
        }

        Token after() {
            return tokens.get(Math.min(position + 1, tokens.size() - 1));
        }

        Token next() {
            Token token = tokens.get(position);
            position = Math.min(position + 1, tokens.size() - 1);
            return token;
        }

        void back() {
            position--;
        }

        boolean skip(String operator) {
            boolean there = peek().is(operator);
            if (there) {
                next();
            }
            return there;
        }

        boolean skipName(String word) {
            boolean there = peek().named(word);
            if (there) {
                next();
            }
            return there;
        }

        void expect(String operator) {
            if (!skip(operator)) {
                throw failure("expected '" + operator + "', found " + peek().shown());
            }
        }

        void expectName(String word) {
            if (!skipName(word)) {
                throw failure("expected '" + word + "', found " + peek().shown());
            }
        }

        Token expect(Kind kind, String what) {
            if (!peek().is(kind)) {
                throw failure("expected " + what + ", found " + peek().shown());
            }
            return next();
        }

        void enter() {
            if (++depth > DEEPEST) {
                throw failure("nested more than " + DEEPEST + " deep");
            }
        }

        void leave() {
            depth--;
        }

        SaveException failure(String what) {
            return SaveException.user("chat template " + name + ", line " + peek().line() + ": " + what);
        }
    }
}

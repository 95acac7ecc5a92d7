package dev.save4j.chat;

import dev.save4j.chat.Expression.Passed;
import dev.save4j.chat.Parser.TokenReader;
import dev.save4j.chat.Token.Kind;
import dev.save4j.chat.Values.None;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes expressions of tokens, with Jinja's order of operators. */
final class ExpressionParser {
    static final Map<String, Object> CONSTANTS =
            Map.of("true", true, "True", true, "false", false, "False", false, "none", None.NONE, "None", None.NONE);
    private static final Set<String> UNSUPPORTED_FUNCTIONS = Set.of("lipsum", "cycler", "joiner");
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenReader tokens;

    ExpressionParser(TokenReader tokens) {
        this.tokens = tokens;
    }

    /** An expression, or several with commas between them. */
    Expression tuple(boolean conditional) {
        Expression first = conditional ? expression() : or();
        if (!tokens.peek().is(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.skip(",")) {
            if (tokens.peek().is(Kind.TAG_END)
                    || tokens.peek().is(Kind.OUTPUT_END)
                    || tokens.peek().is(")")) {
                break;
            }
            items.add(conditional ? expression() : or());
        }
        return new Expression.TupleLiteral(items);
    }

    Expression expression() {
        tokens.enter();
        Expression value = or();
        while (tokens.skipName("if")) {
            Expression condition = or();
            Optional<Expression> otherwise = tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            value = new Expression.Conditional(condition, value, otherwise);
        }
        tokens.leave();
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Logical(false, left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.Logical(true, left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        Expression operand = not();
        tokens.leave();
        return new Expression.Not(operand);
    }

    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.is(Kind.OPERATOR) && COMPARISONS.contains(token.text()) || token.named("in")) {
                operators.add(tokens.next().text());
            } else if (token.named("not") && tokens.after().named("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expression.Comparison(first, operators, others);
            }
            others.add(sum());
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek().is("+") || tokens.peek().is("-")) {
            left = new Expression.Binary(tokens.next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        List<Expression> parts = new ArrayList<>(List.of(product()));
        while (tokens.skip("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.get(0) : new Expression.Concatenation(parts);
    }

    private Expression product() {
        Expression left = power();
        while (tokens.peek().is("*")
                || tokens.peek().is("/")
                || tokens.peek().is("//")
                || tokens.peek().is("%")) {
            left = new Expression.Binary(tokens.next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.skip("**")) {
            left = new Expression.Binary("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (tokens.peek().is("-") || tokens.peek().is("+")) {
            boolean negative = tokens.next().is("-");
            tokens.enter();
            value = new Expression.Signed(negative, unary(false));
            tokens.leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return withFilters ? filtersAndTests(value) : value;
    }

    private Expression primary() {
        Token token = tokens.next();
        switch (token.kind()) {
            case NAME:
                return CONSTANTS.containsKey(token.text())
                        ? new Expression.Literal(CONSTANTS.getOrDefault(token.text(), None.NONE))
                        : name(token);
            case STRING:
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().is(Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                return new Expression.Literal(text.toString());
            case INTEGER:
                return new Expression.Literal(integer(token.text().replace("_", "")));
            case FLOAT:
                return new Expression.Literal(Double.parseDouble(token.text().replace("_", "")));
            default:
                if (token.is("(")) {
                    return parenthesised();
                } else if (token.is("[")) {
                    return new Expression.ListLiteral(list("]"));
                } else if (token.is("{")) {
                    return map();
                }
                tokens.back();
                throw tokens.failure("expected an expression, found " + token.shown());
        }
    }

    private Expression name(Token token) {
        if (UNSUPPORTED_FUNCTIONS.contains(token.text()) && tokens.peek().is("(")) {
            throw tokens.failure("the function '" + token.text() + "' is not supported");
        }
        return new Expression.Name(token.text());
    }

    private Object integer(String digits) {
        try {
            return digits.startsWith("0x") || digits.startsWith("0X")
                    ? Long.parseLong(digits.substring(2), 16)
                    : Long.parseLong(digits);
        } catch (NumberFormatException large) {
            throw tokens.failure("the number " + digits + " is not supported; at most 64 bits");
        }
    }

    private Expression parenthesised() {
        if (tokens.skip(")")) {
            return new Expression.TupleLiteral(List.of());
        }
        Expression inside = tuple(true);
        tokens.expect(")");
        return inside;
    }

    private List<Expression> list(String end) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skip(end)) {
            if (!items.isEmpty()) {
                tokens.expect(",");
                if (tokens.skip(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expression map() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skip("}")) {
            if (!keys.isEmpty()) {
                tokens.expect(",");
                if (tokens.skip("}")) {
                    break;
                }
            }
            keys.add(expression());
            tokens.expect(":");
            values.add(expression());
        }
        return new Expression.MapLiteral(keys, values);
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skip(".")) {
                value = attribute(value);
            } else if (tokens.skip("[")) {
                value = subscript(value);
            } else if (tokens.peek().is("(")) {
                value = new Expression.Call(value, passed());
            } else {
                return value;
            }
        }
    }

    private Expression attribute(Expression object) {
        if (tokens.peek().is(Kind.INTEGER)) {
            return new Expression.Item(
                    object, new Expression.Literal(integer(tokens.next().text())));
        }
        String name = tokens.expect(Kind.NAME, "an attribute").text();
        if (name.startsWith("__")) {
            throw tokens.failure("the attribute '" + name + "' is out of a template's reach");
        }
        return new Expression.Attribute(object, name);
    }

    private Expression subscript(Expression object) {
        Optional<Expression> start = bound();
        if (!tokens.peek().is(":")) {
            tokens.expect("]");
            return new Expression.Item(object, start.orElseThrow(() -> tokens.failure("an empty [] after a value")));
        }
        tokens.next();
        Optional<Expression> stop = bound();
        Optional<Expression> step = tokens.skip(":") ? bound() : Optional.empty();
        tokens.expect("]");
        return new Expression.Slice(object, start, stop, step);
    }

    private Optional<Expression> bound() {
        return tokens.peek().is(":") || tokens.peek().is("]") ? Optional.empty() : Optional.of(expression());
    }

    private Passed passed() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        tokens.expect("(");
        while (!tokens.skip(")")) {
            if (!positional.isEmpty() || !named.isEmpty()) {
                tokens.expect(",");
                if (tokens.skip(")")) {
                    break;
                }
            }
            if (tokens.peek().is("*") || tokens.peek().is("**")) {
                throw tokens.failure("arguments with " + tokens.peek().text() + " are not supported");
            } else if (tokens.peek().is(Kind.NAME) && tokens.after().is("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.failure("an argument without name follows one with a name");
            }
        }
        return new Passed(positional, named);
    }

    private Expression filtersAndTests(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skip("|")) {
                value = filter(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.peek().is("(")) {
                value = new Expression.Call(value, passed());
            } else {
                return value;
            }
        }
    }

    /** The filters after a value, each with its bar. */
    Expression filters(Expression start) {
        Expression value = start;
        while (tokens.skip("|")) {
            value = filter(value);
        }
        return value;
    }

    /** One filter without its bar. */
    Expression filter(Expression value) {
        String name = tokens.expect(Kind.NAME, "the name of a filter").text();
        Filters.Filter filter = Filters.find(name)
                .orElseThrow(() ->
                        tokens.failure("the filter '" + name + "' is not supported; known are " + Filters.names()));
        return new Expression.Filtered(value, filter, tokens.peek().is("(") ? passed() : Passed.NOTHING);
    }

    private Expression test(Expression value) {
        boolean negated = tokens.skipName("not");
        String name = tokens.expect(Kind.NAME, "the name of a test").text();
        Predicates.Predicate test = Predicates.find(name)
                .orElseThrow(() ->
                        tokens.failure("the test '" + name + "' is not supported; known are " + Predicates.names()));
        Expression tested = new Expression.Tested(value, test, argumentsOfTest());
        return negated ? new Expression.Not(tested) : tested;
    }

    private Passed argumentsOfTest() {
        Token token = tokens.peek();
        boolean word = token.named("else") || token.named("or") || token.named("and");
        if (token.is("(")) {
            return passed();
        } else if (word
                || !(token.is(Kind.NAME)
                        || token.is(Kind.STRING)
                        || token.is(Kind.INTEGER)
                        || token.is(Kind.FLOAT)
                        || token.is("[")
                        || token.is("{"))) {
            return Passed.NOTHING;
        } else if (token.named("is")) {
            throw tokens.failure("tests cannot follow each other; put 'and' between them");
        }
        return new Passed(List.of(postfix(primary())), Map.of());
    }
}

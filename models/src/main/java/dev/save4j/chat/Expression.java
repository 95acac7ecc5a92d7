package dev.save4j.chat;

import dev.save4j.chat.Values.Callable;
import dev.save4j.chat.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What has a value. */
sealed interface Expression {
    Object evaluate(Rendering rendering, Scope scope);

    static List<Object> all(List<Expression> expressions, Rendering rendering, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(expression.evaluate(rendering, scope));
        }
        rendering.steps(values.size());
        return values;
    }

    record Literal(Object value) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return value;
        }
    }

    record Name(String name) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            return scope.find(name);
        }
    }

    record ListLiteral(List<Expression> items) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return all(items, rendering, scope);
        }
    }

    record TupleLiteral(List<Expression> items) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return new Values.Tuple(all(items, rendering, scope));
        }
    }

    record MapLiteral(List<Expression> keys, List<Expression> values) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int at = 0; at < keys.size(); at++) {
                map.put(
                        Values.key(keys.get(at).evaluate(rendering, scope)),
                        values.get(at).evaluate(rendering, scope));
            }
            rendering.steps(map.size());
            return map;
        }
    }

    record Not(Expression operand) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return !Values.truth(operand.evaluate(rendering, scope));
        }
    }

    record Signed(boolean negative, Expression operand) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            Object value = operand.evaluate(rendering, scope);
            if (value instanceof Double number) {
                return negative ? -number : number;
            }
            return Operators.apply(rendering, negative ? "-" : "+", 0L, value);
        }
    }

    /** {@code and} and {@code or}, whose value is that of the operand which decides. */
    record Logical(boolean and, Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            Object value = left.evaluate(rendering, scope);
            return Values.truth(value) == and ? right.evaluate(rendering, scope) : value;
        }
    }

    record Binary(String operator, Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            return Operators.apply(
                    rendering, operator, left.evaluate(rendering, scope), right.evaluate(rendering, scope));
        }
    }

    /** {@code ~} */
    record Concatenation(List<Expression> parts) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            StringBuilder joined = new StringBuilder();
            for (Expression part : parts) {
                String text = Values.text(part.evaluate(rendering, scope));
                rendering.room((long) joined.length() + text.length());
                joined.append(text);
            }
            rendering.steps(parts.size() + (joined.length() >> 8));
            return joined.toString();
        }
    }

    /** A comparison, possibly a chain such as {@code 1 < x <= 3}. */
    record Comparison(Expression first, List<String> operators, List<Expression> others) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            Object left = first.evaluate(rendering, scope);
            for (int at = 0; at < operators.size(); at++) {
                Object right = others.get(at).evaluate(rendering, scope);
                String operator = operators.get(at);
                if ("<=>=".contains(operator)) {
                    requireDefined(left);
                    requireDefined(right);
                }
                if (!Operators.compares(rendering, operator, left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        }

        private static void requireDefined(Object value) {
            if (value instanceof Undefined undefined) {
                throw undefined.failure();
            }
        }
    }

    record Conditional(Expression condition, Expression then, Optional<Expression> otherwise) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            if (Values.truth(condition.evaluate(rendering, scope))) {
                return then.evaluate(rendering, scope);
            }
            return otherwise.isPresent()
                    ? otherwise.get().evaluate(rendering, scope)
                    : new Undefined("the value of an inline if without else");
        }
    }

    record Attribute(Expression object, String name) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            return Access.attribute(object.evaluate(rendering, scope), name);
        }
    }

    record Item(Expression object, Expression key) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            return Access.item(object.evaluate(rendering, scope), key.evaluate(rendering, scope));
        }
    }

    record Slice(Expression object, Optional<Expression> start, Optional<Expression> stop, Optional<Expression> step)
            implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            Object whole = object.evaluate(rendering, scope);
            return Access.slice(
                    rendering,
                    whole,
                    bound(start, rendering, scope),
                    bound(stop, rendering, scope),
                    bound(step, rendering, scope));
        }

        private static Object bound(Optional<Expression> bound, Rendering rendering, Scope scope) {
            return bound.isPresent() ? bound.get().evaluate(rendering, scope) : Values.None.NONE;
        }
    }

    /** The arguments of a call as written. */
    record Passed(List<Expression> positional, Map<String, Expression> named) {
        static final Passed NOTHING = new Passed(List.of(), Map.of());

        Arguments evaluate(Rendering rendering, Scope scope) {
            Map<String, Object> values = new LinkedHashMap<>();
            named.forEach((name, expression) -> values.put(name, expression.evaluate(rendering, scope)));
            return new Arguments(all(positional, rendering, scope), values);
        }
    }

    record Call(Expression function, Passed passed) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return call(rendering, function.evaluate(rendering, scope), passed.evaluate(rendering, scope));
        }

        static Object call(Rendering rendering, Object function, Arguments arguments) {
            rendering.step();
            if (function instanceof Callable callable) {
                return rendering.deeper(() -> callable.call(rendering, arguments));
            } else if (function instanceof Undefined undefined) {
                throw undefined.failure();
            }
            throw new TemplateFailure(Values.kind(function) + " cannot be called");
        }
    }

    record Filtered(Expression value, Filters.Filter filter, Passed passed) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            Object input = value.evaluate(rendering, scope);
            return filter.apply(rendering, input, passed.evaluate(rendering, scope));
        }
    }

    record Tested(Expression value, Predicates.Predicate test, Passed passed) implements Expression {
        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            rendering.step();
            Object input = value.evaluate(rendering, scope);
            return test.holds(rendering, input, passed.evaluate(rendering, scope));
        }
    }

    /** What a filter block or a block set puts through its filters. */
    record Captured() implements Expression {
        static final String NAME = " captured";

        @Override
        public Object evaluate(Rendering rendering, Scope scope) {
            return scope.find(NAME);
        }
    }
}

package dev.save4j.chat;

import dev.save4j.chat.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What prints or changes something. */
sealed interface Statement {
    /** How a statement ended. */
    enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    int line();

    Flow execute(Rendering rendering, Scope scope);

    static Flow all(List<Statement> statements, Rendering rendering, Scope scope) {
        for (Statement statement : statements) {
            rendering.at(statement.line());
            Flow flow = statement.execute(rendering, scope);
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    record Data(int line, String text) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            rendering.print(text);
            return Flow.ON;
        }
    }

    record Output(int line, Expression expression) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            rendering.print(Values.text(expression.evaluate(rendering, scope)));
            return Flow.ON;
        }
    }

    /** {@code if} with its {@code elif}s: the body of the first condition that holds. */
    record If(int line, List<Expression> conditions, List<List<Statement>> bodies, List<Statement> otherwise)
            implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            for (int at = 0; at < conditions.size(); at++) {
                if (Values.truth(conditions.get(at).evaluate(rendering, scope))) {
                    return all(bodies.get(at), rendering, scope);
                }
            }
            return all(otherwise, rendering, scope);
        }
    }

    record For(
            int line,
            Target target,
            Expression items,
            Optional<Expression> condition,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            List<Object> kept = kept(rendering, scope);
            if (kept.isEmpty()) {
                return all(otherwise, rendering, new Scope(scope));
            }
            // Jinja counts the depth of recursive loops only.
            Loop loop = new Loop(kept, 0);
            for (int at = 0; at < kept.size(); at++) {
                rendering.at(line);
                loop.moveTo(at);
                Scope turn = new Scope(scope);
                turn.set("loop", loop);
                target.assign(kept.get(at), turn);
                if (all(body, rendering, turn) == Flow.BREAK) {
                    break;
                }
            }
            return Flow.ON;
        }

        private List<Object> kept(Rendering rendering, Scope scope) {
            List<Object> all = List.copyOf(Values.items(items.evaluate(rendering, scope)));
            rendering.steps(all.size());
            if (condition.isEmpty()) {
                return all;
            }
            List<Object> kept = new ArrayList<>();
            for (Object item : all) {
                Scope turn = new Scope(scope);
                target.assign(item, turn);
                if (Values.truth(condition.get().evaluate(rendering, turn))) {
                    kept.add(item);
                }
            }
            return kept;
        }
    }

    record Set(int line, Target target, Expression value) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            target.assign(value.evaluate(rendering, scope), scope);
            return Flow.ON;
        }
    }

    /** A {@code set} without value, which takes the text of its body through filters; a {@code filter} block, which prints it. */
    record Capture(int line, Optional<Target> target, Expression value, List<Statement> body) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            Scope inner = new Scope(scope);
            inner.set(Expression.Captured.NAME, rendering.captured(() -> all(body, rendering, inner)));
            Object result = value.evaluate(rendering, inner);
            if (target.isPresent()) {
                target.get().assign(result, scope);
            } else {
                rendering.print(Values.text(result));
            }
            return Flow.ON;
        }
    }

    /** {@code with}, and {@code generation}, which marks what the assistant says and prints its body as it is. */
    record Inner(int line, List<Target> targets, List<Expression> values, List<Statement> body) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            Scope inner = new Scope(scope);
            List<Object> given = Expression.all(values, rendering, scope);
            for (int at = 0; at < given.size(); at++) {
                targets.get(at).assign(given.get(at), inner);
            }
            return all(body, rendering, inner);
        }
    }

    record Macro(int line, String name, Parameters parameters, List<Statement> body) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            scope.set(name, parameters.macro(name, body, scope));
            return Flow.ON;
        }
    }

    /** Calls a macro that asks for the body with {@code caller()}. */
    record CallBlock(int line, Parameters parameters, Expression.Call call, List<Statement> body) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            Arguments given = call.passed().evaluate(rendering, scope);
            Map<String, Object> named = new java.util.LinkedHashMap<>(given.named());
            named.put(Parameters.CALLER, parameters.macro(Parameters.CALLER, body, scope));
            Object function = call.function().evaluate(rendering, scope);
            rendering.print(
                    Values.text(Expression.Call.call(rendering, function, new Arguments(given.positional(), named))));
            return Flow.ON;
        }
    }

    record Jump(int line, Flow flow) implements Statement {
        @Override
        public Flow execute(Rendering rendering, Scope scope) {
            return flow;
        }
    }

    /** The parameters of a macro, the last of which may have defaults. */
    record Parameters(List<String> names, List<Optional<Expression>> defaults) {
        static final String CALLER = "caller";

        Values.Callable macro(String macro, List<Statement> body, Scope around) {
            return (rendering, arguments) -> {
                Scope inner = new Scope(around);
                Map<String, Object> named = new java.util.LinkedHashMap<>(arguments.named());
                Object caller = named.remove(CALLER);
                inner.set(CALLER, caller == null ? new Undefined("'caller'") : caller);
                Arguments.Bound bound = new Arguments(arguments.positional(), named)
                        .bind("macro " + macro, names.toArray(String[]::new));
                for (int at = 0; at < names.size(); at++) {
                    Object missing = new Undefined("parameter '" + names.get(at) + "' of macro " + macro);
                    Object value = bound.has(at)
                            ? bound.get(at)
                            : defaults.get(at)
                                    .map(expression -> expression.evaluate(rendering, inner))
                                    .orElse(missing);
                    inner.set(names.get(at), value);
                }
                int line = rendering.line();
                String printed = rendering.captured(() -> all(body, rendering, inner));
                rendering.at(line);
                return printed;
            };
        }
    }

    /** Where a value goes. */
    sealed interface Target {
        void assign(Object value, Scope scope);
    }

    record NameTarget(String name) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            scope.set(name, value);
        }
    }

    record NamespaceTarget(String namespace, String attribute) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            Object found = scope.find(namespace);
            if (!(found instanceof Values.Namespace space)) {
                throw new TemplateFailure("only an attribute of a namespace can be set, but '" + namespace + "' is "
                        + Values.kind(found));
            }
            space.attributes().put(attribute, value);
        }
    }

    record Unpacking(List<Target> targets) implements Target {
        @Override
        public void assign(Object value, Scope scope) {
            List<Object> items = Values.items(value);
            if (items.size() != targets.size()) {
                throw new TemplateFailure(
                        "cannot unpack " + items.size() + " values into " + targets.size() + " names");
            }
            for (int at = 0; at < targets.size(); at++) {
                targets.get(at).assign(items.get(at), scope);
            }
        }
    }
}

package dev.save4j.chat;

import dev.save4j.SaveException;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A conversation's form as text, written in the part of Jinja that Hugging Face's chat templates use and rendered as Transformers does: immutable
 * sandbox, {@code trim_blocks} and {@code lstrip_blocks}, {@code break} and {@code continue}, {@code raise_exception}, a {@code tojson} that
 * escapes nothing, {@code generation} blocks printed as they are. Immutable and safe for use by several threads.
 *
 * <p>A template gets {@code strftime_now} only when it is given a clock with {@link #withClock}; without one, templates that ask whether it is
 * defined fall back to a date of their own, and the same conversation gives the same text on every day.
 */
public final class ChatTemplate {
    private final String name;
    private final String source;
    private final List<Statement> statements;
    private final Map<String, Object> variables;
    private final Optional<Clock> clock;

    private ChatTemplate(
            String name,
            String source,
            List<Statement> statements,
            Map<String, Object> variables,
            Optional<Clock> clock) {
        this.name = name;
        this.source = source;
        this.statements = statements;
        this.variables = variables;
        this.clock = clock;
    }

    /**
     * Reads a template. A USER error naming template, line and construct when it is malformed or uses something that is not supported.
     *
     * @param source the template
     * @param name what messages call it, such as its file
     */
    public static ChatTemplate parse(String source, String name) {
        try {
            return new ChatTemplate(name, source, Parser.parse(source, name), Map.of(), Optional.empty());
        } catch (StackOverflowError deep) {
            throw SaveException.user("chat template " + name + " is nested too deeply", deep);
        }
    }

    /** The same with variables that every rendering gets, such as {@code bos_token}; see {@link #render(Map)} for their types. */
    public ChatTemplate withVariables(Map<String, ?> more) {
        Map<String, Object> all = new LinkedHashMap<>(variables);
        all.putAll(more);
        return new ChatTemplate(name, source, statements, all, clock);
    }

    /** The same with {@code strftime_now} telling the time of a clock, in its zone. */
    public ChatTemplate withClock(Clock newClock) {
        return new ChatTemplate(name, source, statements, variables, Optional.of(newClock));
    }

    /** The text of a variable that every rendering gets, such as {@code bos_token}. */
    public Optional<String> variable(String key) {
        return Optional.ofNullable(variables.get(key))
                .filter(String.class::isInstance)
                .map(String.class::cast);
    }

    /** What messages call the template. */
    public String name() {
        return name;
    }

    /** The template itself. */
    public String source() {
        return source;
    }

    /**
     * The text of a conversation. A USER error with its message when the template refuses the conversation, and one naming the line when the
     * template fails or exceeds a limit: 5 million steps, 16 Mi characters, macros 100 deep.
     *
     * @param addGenerationPrompt whether to end with what makes the model answer
     * @param extra more variables, such as {@code tools}; they come before the template's own
     */
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt, Map<String, ?> extra) {
        Map<String, Object> given = new HashMap<>(extra);
        List<Map<String, Object>> list = new ArrayList<>();
        for (ChatMessage message : messages) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("role", message.role());
            map.put("content", message.content());
            list.add(map);
        }
        given.put("messages", list);
        given.put("add_generation_prompt", addGenerationPrompt);
        return render(given);
    }

    /**
     * The text for variables of any kind: strings, numbers, booleans, lists, and maps of them; a null inside is Python's None. Errors as of the
     * other form.
     */
    public String render(Map<String, ?> given) {
        Rendering rendering = new Rendering();
        try {
            Scope scope = new Scope(null);
            Methods.globals(scope);
            clock.ifPresent(now -> scope.set("strftime_now", (Values.Callable) (ignored, arguments) -> Formats.time(
                    ZonedDateTime.now(now),
                    arguments.bind("strftime_now", "format").text(0, ""))));
            variables.forEach((key, value) -> scope.set(key, Values.imported(value)));
            given.forEach((key, value) -> scope.set(key, Values.imported(value)));
            Statement.all(statements, rendering, new Scope(scope));
            return rendering.text();
        } catch (Methods.Refusal refusal) {
            throw SaveException.user(
                    "chat template " + name + ", line " + rendering.line() + " refuses the conversation: "
                            + refusal.getMessage(),
                    refusal);
        } catch (TemplateFailure failure) {
            throw SaveException.user(
                    "chat template " + name + ", line " + rendering.line() + ": " + failure.getMessage(), failure);
        } catch (StackOverflowError deep) {
            throw SaveException.user(
                    "chat template " + name + ", line " + rendering.line() + ": expressions are nested too deeply",
                    deep);
        }
    }
}

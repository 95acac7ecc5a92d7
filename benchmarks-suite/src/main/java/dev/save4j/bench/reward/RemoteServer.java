package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatChoice;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.chat.ChatTemplates;
import dev.save4j.engine.Names;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A server of a reward model, as a user names it: {@code [API:]http://host:port/path?option=value&…}.
 *
 * @param address without the options
 * @param model that the server shall use
 * @param template the form of prompt and response together; empty when they are sent apart or joined as they are
 * @param batch texts of a request at most
 * @param concurrency requests at a time at most
 * @param timeout from a request to the end of its answer
 * @param tries of a request, before the server counts as gone
 * @param pause after the first failure; it doubles with each
 * @param token what the server wants as a bearer token
 */
public record RemoteServer(
        URI address,
        RemoteApi api,
        Optional<String> model,
        Optional<ChatTemplate> template,
        int batch,
        int concurrency,
        Duration timeout,
        int tries,
        Duration pause,
        Optional<String> token) {
    private static final List<String> OPTIONS =
            List.of("api", "model", "chat", "batch", "concurrency", "timeout", "tries", "token");

    private static final Duration PAUSE = Duration.ofMillis(500);

    public RemoteServer {
        for (int number : new int[] {batch, concurrency, tries}) {
            if (number < 1) {
                throw SaveException.user("batch, concurrency and tries of " + address + " must be at least 1");
            }
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw SaveException.user("the timeout of " + address + " must be more than 0 seconds");
        }
    }

    /** Whether a user means a server. */
    public static boolean isMeant(String text) {
        return text.matches("([a-z]+:)?https?://.*");
    }

    /**
     * Reads what a user wrote. Options: {@code api} (openrlhf, vllm, sglang), {@code model}, {@code chat} (a folder or file with the chat template, or none),
     * {@code batch}, {@code concurrency}, {@code timeout} in seconds, {@code tries}, and {@code token}, the name of the environment variable that holds it.
     *
     * @param chat of all models; the option comes first
     * @throws SaveException USER naming what is wrong
     */
    public static RemoteServer parse(String text, ChatChoice chat, int batch) {
        int scheme = text.indexOf("http");
        Optional<String> prefix = scheme == 0 ? Optional.empty() : Optional.of(text.substring(0, scheme - 1));
        String[] halves = text.substring(scheme).split("\\?", 2);
        Map<String, String> options = options(text, halves.length < 2 ? "" : halves[1]);
        URI address;
        try {
            address = new URI(halves[0]);
        } catch (URISyntaxException malformed) {
            throw SaveException.user("'" + halves[0] + "' is no address: " + malformed.getMessage(), malformed);
        }
        if (address.getHost() == null || address.getUserInfo() != null) {
            throw SaveException.user("'" + halves[0] + "' is no address of a server; expected http://host:port/path,"
                    + " without a password, which ?token=VARIABLE takes from the environment");
        }
        RemoteApi api = RemoteApi.of(
                halves[0],
                Optional.ofNullable(address.getPath()).orElse(""),
                prefix.or(() -> Optional.ofNullable(options.get("api"))));
        return new RemoteServer(
                address,
                api,
                Optional.ofNullable(options.get("model")),
                api.apart() ? Optional.empty() : template(halves[0], options, chat),
                number(options, "batch", batch),
                number(options, "concurrency", 4),
                Duration.ofSeconds(number(options, "timeout", 60)),
                number(options, "tries", 6),
                PAUSE,
                Optional.ofNullable(options.get("token")).map(RemoteServer::secret));
    }

    private static Map<String, String> options(String text, String query) {
        Map<String, String> options = new LinkedHashMap<>();
        for (String option : query.isEmpty() ? new String[0] : query.split("&")) {
            String[] parts = option.split("=", 2);
            if (parts.length < 2 || !OPTIONS.contains(parts[0])) {
                throw SaveException.user("'" + option + "' in '" + text + "' is no option of a server; known: "
                        + String.join(", ", OPTIONS)
                        + Names.nearest(parts[0], OPTIONS)
                                .map(near -> ". Did you mean '" + near + "'?")
                                .orElse(""));
            }
            options.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
        return options;
    }

    private static int number(Map<String, String> options, String name, int otherwise) {
        String text = options.getOrDefault(name, String.valueOf(otherwise));
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException malformed) {
            throw SaveException.user(
                    "the option " + name + " of a server is '" + text + "', expected a whole number", malformed);
        }
    }

    private static Optional<ChatTemplate> template(String address, Map<String, String> options, ChatChoice chat) {
        String own = options.getOrDefault("chat", "");
        if (!own.isEmpty() && Files.isDirectory(Path.of(own))) {
            return Optional.of(ChatTemplates.ofFolder(Path.of(own))
                    .orElseThrow(() -> SaveException.user("the folder " + own + " has no chat template")));
        }
        ChatChoice choice = own.isEmpty() ? chat : ChatChoice.parse(own);
        if (choice.needsFolder()) {
            throw SaveException.user(address + " wants prompt and answer in the form its model was trained on: give its"
                    + " chat template as ?chat=FOLDER of its tokenizer or ?chat=FILE, or ?chat=none to join the texts"
                    + " as they are");
        }
        return choice.of(Path.of(""));
    }

    private static String secret(String variable) {
        return Optional.ofNullable(System.getenv(variable))
                .filter(value -> !value.isBlank())
                .orElseThrow(() -> SaveException.user(
                        "the environment variable " + variable + ", which the option token names, is not set"));
    }

    /** Without the token. */
    @Override
    public String toString() {
        return api.word() + ":" + address;
    }
}

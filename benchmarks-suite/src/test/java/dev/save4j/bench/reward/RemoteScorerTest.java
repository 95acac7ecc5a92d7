package dev.save4j.bench.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.save4j.SaveException;
import dev.save4j.chat.ChatChoice;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.data.Conversation;
import dev.save4j.data.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against a server on this machine; nothing here reaches the network. */
class RemoteScorerTest {
    private static final ChatTemplate TURNS = ChatTemplate.parse(
                    "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}", "turns")
            .withVariables(Map.of("bos_token", "<s>"));

    /** An answer: its status and body. */
    private record Answer(int status, String body) {}

    @TempDir
    private Path folder;

    private final List<String> paths = Collections.synchronizedList(new ArrayList<>());
    private final List<JsonNode> bodies = Collections.synchronizedList(new ArrayList<>());
    private final List<String> tokens = Collections.synchronizedList(new ArrayList<>());
    private final Deque<Answer> failures = new ArrayDeque<>();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private Function<JsonNode, Answer> handler = body -> new Answer(500, "no handler");
    private int delay;
    private Duration patience = Duration.ofSeconds(60);
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange);
            }
        });
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        paths.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        byte[] sent = exchange.getRequestBody().readAllBytes();
        JsonNode body = JsonMapper.shared().readTree(sent.length == 0 ? "{}".getBytes(StandardCharsets.UTF_8) : sent);
        bodies.add(body);
        Answer answer;
        synchronized (failures) {
            answer = failures.isEmpty() ? handler.apply(body) : failures.pop();
        }
        try {
            Thread.sleep(delay);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        atOnce.decrementAndGet();
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private String address(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    private RemoteServer remote(RemoteApi api, String path, int batch, int tries) {
        return new RemoteServer(
                URI.create(address(path)),
                api,
                Optional.of("rm"),
                Optional.of(TURNS),
                batch,
                3,
                patience,
                tries,
                Duration.ofMillis(5),
                Optional.of("secret"));
    }

    private static ScoreRequest request(String prompt, String response) {
        return new ScoreRequest(Item.asked(prompt), response);
    }

    private static List<Score> scores(RemoteServer server, ScoreRequest... requests) {
        try (RemoteScorer scorer = new RemoteScorer("remote", server)) {
            return scorer.score(List.of(requests));
        }
    }

    /** Answers each text with its length. */
    private static Answer lengths(JsonNode texts, String before, String each, String after) {
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            parts.add(String.format(each, i, texts.get(i).stringValue().length()));
        }
        return new Answer(200, before + String.join(",", parts) + after);
    }

    @Test
    void openRlhfGetsTheWholeTextWithItsSpecialTokens() {
        handler = body -> lengths(body.path("query"), "{\"rewards\":[", "%2$d", "]}");
        assertThat(scores(remote(RemoteApi.OPENRLHF, "/get_reward", 8, 1), request("p", "r"), request("p", "long")))
                .containsExactly(Score.of(22), Score.of(25));
        assertThat(paths).containsExactly("POST /get_reward");
        assertThat(tokens).containsExactly("Bearer secret");
        assertThat(bodies.get(0))
                .hasToString(
                        "{\"query\":[\"<s><user>p<assistant>r\",\"<s><user>p<assistant>long\"],\"prompts\":[\"p\",\"p\"],\"labels\":[\"\",\"\"]}");
    }

    @Test
    void vllmClassifiesTextsWhoseBeginItAddsItself() {
        handler = body -> lengths(body.path("input"), "{\"data\":[", "{\"index\":%d,\"probs\":[%d.5]}", "]}");
        assertThat(scores(remote(RemoteApi.VLLM_CLASSIFY, "/classify", 8, 1), request("p", "r")))
                .containsExactly(Score.of(19.5));
        assertThat(bodies.get(0))
                .hasToString(
                        "{\"model\":\"rm\",\"input\":[\"<user>p<assistant>r\"],\"use_activation\":false,\"activation\":false}");
    }

    @Test
    void vllmScoresPairsAndPoolsNestedLists() {
        handler = body -> new Answer(
                200,
                body.has("text_1")
                        ? "{\"data\":[{\"index\":1,\"score\":2},{\"index\":0,\"score\":1}]}"
                        : "{\"data\":[{\"index\":0,\"data\":[[0.1],[7.25]]},{\"index\":1,\"data\":[-3]}]}");
        ScoreRequest[] two = {request("a", "b"), request("c", "d")};
        assertThat(scores(remote(RemoteApi.VLLM_SCORE, "/score", 8, 1), two)).containsExactly(Score.of(1), Score.of(2));
        assertThat(bodies.get(0)).hasToString("{\"model\":\"rm\",\"text_1\":[\"a\",\"c\"],\"text_2\":[\"b\",\"d\"]}");
        assertThat(scores(remote(RemoteApi.VLLM_POOLING, "/pooling", 8, 1), two))
                .containsExactly(Score.of(7.25), Score.of(-3));
    }

    @Test
    void sglangClassifiesConversations() {
        handler = body -> lengths(body.path("text"), "[", "{\"embedding\":[%2$d]}", "]");
        ScoreRequest turns = new ScoreRequest(
                new Conversation(List.of(Message.user("p"), Message.assistant("q"), Message.user("s"))), "r");
        assertThat(scores(remote(RemoteApi.SGLANG, "/classify", 8, 1), turns)).hasSize(1);
        assertThat(bodies.get(0))
                .hasToString("{\"model\":\"rm\",\"text\":[\"<user>p<assistant>q<user>s<assistant>r\"]}");
    }

    @Test
    void aServerWithOneModelNeedsNoName() {
        handler = body -> paths.get(paths.size() - 1).startsWith("GET")
                ? new Answer(200, "{\"data\":[{\"id\":\"org/only\"}]}")
                : lengths(body.path("input"), "{\"data\":[", "{\"index\":%d,\"probs\":[%d]}", "]}");
        RemoteServer parsed = RemoteServer.parse("vllm:" + address("/classify?chat=none"), ChatChoice.AUTO, 16);
        assertThat(scores(parsed, request("p", "r"))).containsExactly(Score.of(2));
        assertThat(paths).containsExactly("GET /v1/models", "POST /classify");
        assertThat(bodies.get(1).path("model").stringValue()).isEqualTo("org/only");
    }

    @Test
    void whatMayPassIsTriedAgain() {
        failures.add(new Answer(503, "starting"));
        failures.add(new Answer(429, "busy"));
        handler = body -> lengths(body.path("text"), "[", "{\"embedding\":[%2$d]}", "]");
        assertThat(scores(remote(RemoteApi.SGLANG, "/classify", 8, 3), request("p", "r")))
                .hasSize(1);
        assertThat(paths).hasSize(3);
    }

    @Test
    void aServerThatStaysAwayEndsTheRun() {
        handler = body -> new Answer(500, "CUDA out of memory");
        assertThatThrownBy(() -> scores(remote(RemoteApi.SGLANG, "/classify", 8, 3), request("p", "r")))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.RESOURCES))
                .hasMessage(address("/classify")
                        + " has failed 3 times, at last with HTTP status 500: CUDA out of memory. The scores so far are"
                        + " kept: once it works, the same command goes on");
        assertThat(paths).hasSize(3);
    }

    @Test
    void aSlowServerRunsOutOfTime() {
        delay = 1500;
        patience = Duration.ofMillis(500);
        handler = body -> new Answer(200, "[]");
        assertThatThrownBy(() -> scores(remote(RemoteApi.SGLANG, "/classify", 8, 1), request("p", "r")))
                .hasMessageContaining("has failed 1 times, at last with")
                .hasMessageContaining("time");
    }

    @Test
    void nobodyListening() {
        server.stop(0);
        assertThatThrownBy(() -> scores(remote(RemoteApi.SGLANG, "/classify", 8, 2), request("p", "r")))
                .hasMessageContaining("has failed 2 times, at last with java.net.ConnectException");
    }

    @Test
    void aTextThatIsRefusedHasNoScoreAndLosesNoOther() {
        handler = body -> {
            for (JsonNode text : body.path("text")) {
                if (text.stringValue().contains("too long")) {
                    return new Answer(400, "maximum context length is 4096");
                }
            }
            return lengths(body.path("text"), "[", "{\"embedding\":[%2$d]}", "]");
        };
        List<Score> scores = scores(
                remote(RemoteApi.SGLANG, "/classify", 8, 1),
                request("p", "a"),
                request("p", "too long"),
                request("p", "b"));
        assertThat(scores.get(0)).isEqualTo(scores.get(2));
        assertThat(scores.get(1).problem()).isEqualTo("HTTP status 400: maximum context length is 4096");
    }

    @Test
    void whoMayNotAskIsToldHow() {
        handler = body -> new Answer(401, "no key");
        assertThatThrownBy(() -> scores(remote(RemoteApi.SGLANG, "/classify", 8, 5), request("p", "r")))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(address("/classify") + " answers with HTTP status 401: no key; give it ?token=VARIABLE, the"
                        + " environment variable that holds the token. The scores so far are kept: once it works, the"
                        + " same command goes on");
        assertThat(paths).hasSize(1);
    }

    @Test
    void aServerWhoseModelsCannotBeAskedForWantsTheName() {
        handler = body -> new Answer(400, "no such thing");
        RemoteServer parsed = RemoteServer.parse("vllm:" + address("/classify?chat=none"), ChatChoice.AUTO, 16);
        assertThatThrownBy(() -> scores(parsed, request("p", "r")))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage(address("/v1/models")
                        + " answers with HTTP status 400: no such thing; name the model with ?model=NAME");
    }

    @Test
    void aConversationThatTheTemplateRefusesHasNoScoreAndLosesNoOther() {
        handler = body -> lengths(body.path("text"), "[", "{\"embedding\":[%2$d]}", "]");
        RemoteServer picky = new RemoteServer(
                URI.create(address("/classify")),
                RemoteApi.SGLANG,
                Optional.empty(),
                Optional.of(ChatTemplate.parse(
                        "{% if messages|length > 2 %}{{ raise_exception('one turn') }}{% endif %}{{ messages[-1].content }}",
                        "picky")),
                2,
                1,
                Duration.ofSeconds(5),
                1,
                Duration.ofMillis(5),
                Optional.empty());
        ScoreRequest turns = new ScoreRequest(
                new Conversation(List.of(Message.user("p"), Message.assistant("q"), Message.user("s"))), "r");
        List<Score> scores = scores(picky, request("p", "a"), turns, request("p", "bc"), request("p", "def"));
        assertThat(scores).extracting(Score::value).containsExactly(1.0, Double.NaN, 2.0, 3.0);
        assertThat(scores.get(1).problem()).contains("one turn");
    }

    @Test
    void scoresThatAreNoNumbersAreMissing() {
        handler = body -> new Answer(200, "{\"rewards\":[NaN, Infinity, null, 1]}");
        ScoreRequest one = request("p", "r");
        List<Score> scores = scores(remote(RemoteApi.OPENRLHF, "/get_reward", 8, 1), one, one, one, one);
        assertThat(scores)
                .extracting(Score::problem)
                .containsExactly("the score is not a number", "the score is infinite", "the score is not a number", "");
        assertThat(scores.subList(0, 3))
                .allSatisfy(score -> assertThat(score.value()).isNaN());
    }

    @Test
    void anAnswerOfAnotherFormIsShown() {
        handler = body -> new Answer(200, "{\"rewards\":[1]}");
        ScoreRequest one = request("p", "r");
        assertThatThrownBy(() -> scores(remote(RemoteApi.OPENRLHF, "/get_reward", 8, 1), one, one))
                .hasMessage(address("/get_reward")
                        + ": the answer does not hold 2 scores where they are expected: {\"rewards\":[1]}."
                        + " The scores so far are kept: once it works, the same command goes on");
        for (String strange : List.of("[\"high\", 1]", "[[], 1]", "[{}, 1]", "{}")) {
            handler = body -> new Answer(200, "{\"rewards\":" + strange + "}");
            assertThatThrownBy(() -> scores(remote(RemoteApi.OPENRLHF, "/get_reward", 8, 1), one, one))
                    .isInstanceOfSatisfying(
                            SaveException.class,
                            error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.ENGINE))
                    .hasMessageContaining("does not hold 2 scores where they are expected");
        }
        handler = body -> new Answer(200, "<html>");
        assertThatThrownBy(() -> scores(remote(RemoteApi.OPENRLHF, "/get_reward", 8, 1), one))
                .hasMessageContaining("answers with something else than JSON: <html>");
    }

    @Test
    void requestsAreBoundedAndKeepTheirOrder() {
        delay = 30;
        handler = body -> lengths(body.path("query"), "{\"rewards\":[", "%2$d", "]}");
        ScoreRequest[] many = new ScoreRequest[20];
        for (int i = 0; i < many.length; i++) {
            many[i] = request("p", "x".repeat(i));
        }
        List<Score> scores = scores(remote(RemoteApi.OPENRLHF, "/get_reward", 2, 1), many);
        for (int i = 0; i < many.length; i++) {
            assertThat(scores.get(i).value()).isEqualTo(21 + i);
        }
        assertThat(paths).hasSize(10);
        assertThat(mostAtOnce.get()).isBetween(2, 3);
    }

    @Test
    void addressesAreReadAsUsersWriteThem() throws IOException {
        Path template = Files.writeString(folder.resolve("turns.jinja"), "{{ messages[0].content }}");
        RemoteServer server = RemoteServer.parse(
                "http://host:8000/classify?api=sglang&chat=" + template + "&concurrency=9&timeout=7&tries=2&batch=3",
                ChatChoice.AUTO,
                16);
        assertThat(server.address()).hasToString("http://host:8000/classify");
        assertThat(server.api()).isEqualTo(RemoteApi.SGLANG);
        assertThat(server.template()).isPresent();
        assertThat(List.of(server.concurrency(), server.tries(), server.batch()))
                .containsExactly(9, 2, 3);
        assertThat(server.timeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(RemoteServer.parse("vllm:https://host/v1/score", ChatChoice.AUTO, 16)
                        .api())
                .isEqualTo(RemoteApi.VLLM_SCORE);
        assertThat(RemoteServer.parse("http://host/get_reward", ChatChoice.NONE, 16)
                        .template())
                .isEmpty();
        assertThat(RemoteServer.isMeant("sglang:http://h/classify")).isTrue();
        assertThat(RemoteServer.isMeant("runs/model")).isFalse();
    }

    @Test
    void addressesThatSayTooLittleAreRefused() {
        assertThatThrownBy(() -> RemoteServer.parse("http://host/classify", ChatChoice.NONE, 16))
                .hasMessage("both vLLM and SGLang have http://host/classify; say which: vllm:http://host/classify or"
                        + " sglang:http://host/classify");
        assertThatThrownBy(() -> RemoteServer.parse("http://host/generate", ChatChoice.NONE, 16))
                .hasMessageContaining("is no address of a reward server; expected /get_reward of OpenRLHF");
        assertThatThrownBy(() -> RemoteServer.parse("tgi:http://host/classify", ChatChoice.NONE, 16))
                .hasMessageContaining("'tgi' is no protocol of a reward server; expected openrlhf, vllm or sglang");
        assertThatThrownBy(() -> RemoteServer.parse("http://host/get_reward?timeot=3", ChatChoice.NONE, 16))
                .hasMessageContaining("Did you mean 'timeout'?");
        assertThatThrownBy(() -> RemoteServer.parse("http://host/get_reward", ChatChoice.AUTO, 16))
                .hasMessageContaining("give its chat template as ?chat=FOLDER");
        assertThatThrownBy(() -> RemoteServer.parse("http://host/get_reward?token=NO_SUCH_TOKEN", ChatChoice.NONE, 16))
                .hasMessageContaining(
                        "the environment variable NO_SUCH_TOKEN, which the option token names, is not set");
    }
}

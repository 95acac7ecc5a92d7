package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Requests to one server. What may pass is tried again, with growing pauses; what will not is an error at once. Thread-safe. */
final class RemoteConnection {
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int SHOWN = 300;

    /** The end of an error that ends a run. */
    static final String KEPT = ". The scores so far are kept: once it works, the same command goes on";

    /** Python servers write NaN and Infinity as such. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final RemoteServer server;
    private final HttpClient client;

    RemoteConnection(RemoteServer server) {
        this.server = server;
        // Servers of Python's uvicorn do not speak HTTP/2 without TLS and some stumble over the offer.
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(server.timeout())
                .build();
    }

    /** The server does not accept what it is asked about, such as a text that is too long. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    JsonNode post(JsonNode body) {
        byte[] bytes = JSON.writeValueAsBytes(body);
        return ask(request(server.address())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                .build());
    }

    JsonNode get(String path) {
        return ask(request(server.address().resolve(path)).GET().build());
    }

    private HttpRequest.Builder request(URI address) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address)
                .timeout(server.timeout())
                .header("User-Agent", "save4j")
                .header("Accept", "application/json");
        server.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        return request;
    }

    /** An ENGINE error for what is no JSON, a RESOURCES error when the server is gone, a USER error when it does not want to be asked, {@link Refused} when it does not want this. */
    private JsonNode ask(HttpRequest request) {
        for (int attempt = 1; ; attempt++) {
            String failure;
            Duration wait = server.pause().multipliedBy(1L << Math.min(attempt - 1, 20));
            try {
                HttpResponse<byte[]> answer = send(request);
                int status = answer.statusCode();
                if (status / 100 == 2) {
                    return read(request.uri(), answer.body());
                }
                failure = "HTTP status " + status + ": " + shown(answer.body());
                if (status == 400 || status == 413 || status == 422) {
                    throw new Refused(failure);
                }
                if (status != 408 && status != 429 && status / 100 != 5) {
                    throw SaveException.user(request.uri() + " answers with " + failure + hint(status) + KEPT);
                }
                Duration wanted = answer.headers()
                        .firstValue("Retry-After")
                        .filter(seconds -> seconds.matches("\\d{1,4}"))
                        .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
                        .orElse(Duration.ZERO);
                wait = wanted.compareTo(wait) > 0 ? wanted : wait;
            } catch (IOException | TimeoutException failed) {
                failure = failed instanceof TimeoutException
                        ? "no answer within " + server.timeout().toMillis() / 1e3 + " s"
                        : failed.toString();
            }
            if (attempt == server.tries()) {
                throw SaveException.resources(
                        request.uri() + " has failed " + attempt + " times, at last with " + failure + KEPT);
            }
            pause(wait.compareTo(LONGEST_PAUSE) < 0 ? wait : LONGEST_PAUSE);
        }
    }

    /** The time-out of the request ends at the headers of the answer; this one holds for all of it. */
    private HttpResponse<byte[]> send(HttpRequest request) throws IOException, TimeoutException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            return answer.get(server.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            Throwable cause = Objects.requireNonNullElse(failed.getCause(), failed);
            if (cause instanceof IOException problem) {
                throw problem;
            }
            throw SaveException.internal("cannot ask " + request.uri() + ": " + cause, cause);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("asking " + request.uri() + " was interrupted", interrupted);
        } finally {
            answer.cancel(true);
        }
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("waiting for the server was interrupted", interrupted);
        }
    }

    private static JsonNode read(URI address, byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (JacksonException malformed) {
            throw SaveException.engine(
                    address + " answers with something else than JSON: " + shown(body) + KEPT, malformed);
        }
    }

    private static String shown(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + " …";
    }

    private static String hint(int status) {
        return switch (status) {
            case 401, 403 -> "; give it ?token=VARIABLE, the environment variable that holds the token";
            case 404, 405 -> "; check the path, and that the server serves a reward model";
            default -> "";
        };
    }
}

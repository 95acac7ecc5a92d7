package dev.save4j.models;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * HTTP or HTTPS GETs into files. It follows redirects, though never from HTTPS to HTTP and never with the token to another server, and gives up when
 * nothing arrives for a while.
 */
final class Download {
    private static final Duration CONNECTING = Duration.ofSeconds(20);
    private static final int MOST_REDIRECTS = 10;

    private final Duration patience;
    private final Optional<String> token;

    /** @param patience how long to wait for the next byte */
    Download(Duration patience) {
        this(patience, Optional.empty());
    }

    /** @param token is sent as a bearer token to the server that is asked, not to those it redirects to */
    Download(Duration patience, Optional<String> token) {
        this.patience = patience;
        this.token = token;
    }

    /**
     * Writes the answer to a file, which it replaces.
     *
     * @param mostBytes a longer answer is an error
     * @param progress is told the bytes so far, now and then
     * @throws SaveException USER when there is no such file, RESOURCES when the network fails; both name the address
     */
    void get(URI address, Path file, long mostBytes, LongConsumer progress) {
        get(address, file, 0, mostBytes, progress);
    }

    /** As {@link #get}, but goes on behind what the file holds where the server can. */
    void resume(URI address, Path file, long mostBytes, LongConsumer progress) {
        long have = file.toFile().length();
        get(address, file, have < mostBytes ? have : 0, mostBytes, progress);
    }

    private void get(URI address, Path file, long from, long mostBytes, LongConsumer progress) {
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECTING)
                .build();
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            URI place = address;
            for (int redirect = 0; ; redirect++) {
                Optional<URI> next = ask(client, address, place, out, from, mostBytes, progress);
                if (next.isEmpty()) {
                    return;
                }
                if (redirect == MOST_REDIRECTS) {
                    throw SaveException.resources(address + " redirects more than " + MOST_REDIRECTS + " times");
                }
                place = next.get();
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot download " + address + ": " + failed, failed);
        }
    }

    /** Where the server sends on to; empty when the file has arrived. */
    private Optional<URI> ask(
            HttpClient client,
            URI first,
            URI place,
            FileChannel out,
            long from,
            long mostBytes,
            LongConsumer progress) {
        HttpRequest.Builder request = HttpRequest.newBuilder(place).header("User-Agent", "save4j");
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        if (Objects.equals(first.getAuthority(), place.getAuthority())
                && Objects.equals(first.getScheme(), place.getScheme())) {
            token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        }
        AtomicLong received = new AtomicLong();
        HttpResponse<Void> answer = await(
                client.sendAsync(request.build(), info -> {
                    int status = info.statusCode();
                    if (status != 200 && status != 206) {
                        return HttpResponse.BodySubscribers.discarding();
                    }
                    // A server that cannot go on in the middle sends all of it.
                    received.set(status == 206 ? from : 0);
                    begin(out, received.get());
                    return HttpResponse.BodySubscribers.ofByteArrayConsumer(
                            part -> append(part, out, received, mostBytes));
                }),
                received,
                progress,
                first);
        int status = answer.statusCode();
        if (status == 200 || status == 206) {
            return Optional.empty();
        }
        if (List.of(301, 302, 303, 307, 308).contains(status)) {
            URI next = place.resolve(answer.headers()
                    .firstValue("Location")
                    .orElseThrow(() -> SaveException.resources(place + " redirects to nowhere")));
            boolean web = "https".equals(next.getScheme())
                    || "http".equals(next.getScheme()) && "http".equals(place.getScheme());
            if (!web) {
                throw SaveException.resources(
                        first + " redirects from " + place.getScheme() + " to " + next + ", which is not followed");
            }
            return Optional.of(next);
        }
        throw SaveException.user(first + " answers with HTTP status " + status + hint(status));
    }

    private String hint(int status) {
        return switch (status) {
            case 401, 403 ->
                token.isPresent()
                        ? ": the token does not open it; has its owner been asked for access?"
                        : ": it wants a token; set HF_TOKEN";
            case 404 -> ": there is no such file; check the address of the repository";
            default -> "";
        };
    }

    private static void begin(FileChannel out, long at) {
        try {
            out.truncate(at).position(at);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void append(Optional<byte[]> part, FileChannel out, AtomicLong received, long mostBytes) {
        if (part.isEmpty()) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(part.get());
        if (received.addAndGet(bytes.remaining()) > mostBytes) {
            throw SaveException.resources("the answer is longer than the " + mostBytes + " bytes expected");
        }
        try {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private HttpResponse<Void> await(
            CompletableFuture<HttpResponse<Void>> answer, AtomicLong received, LongConsumer progress, URI address) {
        long before = -1;
        long waited = 0;
        long slice = Math.max(1, Math.min(500, patience.toMillis() / 4));
        while (true) {
            try {
                HttpResponse<Void> response = answer.get(slice, TimeUnit.MILLISECONDS);
                progress.accept(received.get());
                return response;
            } catch (TimeoutException running) {
                waited = received.get() == before ? waited + slice : 0;
                before = received.get();
                progress.accept(before);
                if (waited >= patience.toMillis()) {
                    answer.cancel(true);
                    throw SaveException.resources("nothing arrived from " + address + " for " + patience.toSeconds()
                            + " s, after " + before + " bytes; try again, or give the jar yourself");
                }
            } catch (ExecutionException failed) {
                Throwable cause = Objects.requireNonNullElse(failed.getCause(), failed);
                String why = cause instanceof SaveException ? cause.getMessage() : cause.toString();
                throw SaveException.resources("cannot download " + address + ": " + why, cause);
            } catch (InterruptedException interrupted) {
                answer.cancel(true);
                Thread.currentThread().interrupt();
                throw SaveException.resources("the download of " + address + " was interrupted", interrupted);
            }
        }
    }
}

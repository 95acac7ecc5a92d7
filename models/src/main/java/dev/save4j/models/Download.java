package dev.save4j.models;

import dev.save4j.SaveException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** One HTTP or HTTPS GET into a file. It follows redirects, though never from HTTPS to HTTP, and gives up when nothing arrives for a while. */
final class Download {
    private static final Duration CONNECTING = Duration.ofSeconds(20);

    private final Duration patience;

    /** @param patience how long to wait for the next byte */
    Download(Duration patience) {
        this.patience = patience;
    }

    /**
     * Writes the answer to a new file.
     *
     * @param mostBytes a longer answer is an error
     * @param progress is told the bytes so far, now and then
     * @throws SaveException USER when there is no such file, RESOURCES when the network fails; both name the address
     */
    void get(URI address, Path file, long mostBytes, LongConsumer progress) {
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(CONNECTING)
                .build();
        HttpRequest request =
                HttpRequest.newBuilder(address).header("User-Agent", "save4j").build();
        AtomicLong received = new AtomicLong();
        try (OutputStream out = Files.newOutputStream(file)) {
            CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(
                    request,
                    info -> info.statusCode() == 200
                            ? HttpResponse.BodySubscribers.ofByteArrayConsumer(
                                    part -> append(part, out, received, mostBytes))
                            : HttpResponse.BodySubscribers.discarding());
            int status = await(answer, received, progress, address).statusCode();
            if (status != 200) {
                throw SaveException.user(address + " answers with HTTP status " + status
                        + (status == 404 ? ": there is no such file; check the address of the repository" : ""));
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot download " + address + ": " + failed, failed);
        }
    }

    private static void append(Optional<byte[]> part, OutputStream out, AtomicLong received, long mostBytes) {
        if (part.isEmpty()) {
            return;
        }
        byte[] bytes = part.get();
        if (received.addAndGet(bytes.length) > mostBytes) {
            throw SaveException.resources("the answer is longer than the " + mostBytes + " bytes expected");
        }
        try {
            out.write(bytes);
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

package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatMessage;
import dev.save4j.chat.ChatTemplate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;

/**
 * A reward model behind a server. Several requests are on their way at a time. A text that the server or the chat template refuses has no score and
 * tells why; a server that stays away, wants no requests, or answers in another form ends the run, whose scores are kept.
 */
public final class RemoteScorer implements Scorer {
    private final String name;
    private final RemoteServer server;
    private final Optional<String> model;
    private final RemoteConnection connection;
    private final ExecutorService threads;

    /**
     * Asks a server that wants to know which model for the one that it has.
     *
     * @throws SaveException USER when it has several and none is named, or does not want to be asked; RESOURCES when it does not answer
     */
    public RemoteScorer(String name, RemoteServer server) {
        this.name = name;
        this.server = server;
        connection = new RemoteConnection(server);
        model = server.model().isPresent() || !server.api().namesModels() ? server.model() : Optional.of(onlyModel());
        threads = Executors.newFixedThreadPool(server.concurrency(), task -> {
            Thread thread = new Thread(task, "save4j-" + name);
            thread.setDaemon(true);
            return thread;
        });
    }

    private String onlyModel() {
        List<String> models = new ArrayList<>();
        try {
            connection
                    .get("/v1/models")
                    .path("data")
                    .forEach(entry -> models.add(entry.path("id").asString("")));
        } catch (RemoteConnection.Refused refused) {
            throw SaveException.user(
                    server.address().resolve("/v1/models") + " answers with " + refused.getMessage()
                            + "; name the model with ?model=NAME",
                    refused);
        }
        if (models.size() != 1) {
            throw SaveException.user(server.address() + " has the models " + models + "; choose one with ?model=NAME");
        }
        return models.get(0);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<String> identity() {
        return Optional.of(String.join(
                "\n",
                "remote",
                server.api().word(),
                server.address().toString(),
                model.orElse(""),
                server.template().map(ModelScorer::hash).orElse("none")));
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new TreeMap<>();
        facts.put("server", server.address().toString());
        facts.put("api", server.api().word());
        facts.put("template", server.template().map(ChatTemplate::name).orElse("none"));
        model.ifPresent(known -> facts.put("model", known));
        return facts;
    }

    @Override
    public List<Score> score(List<ScoreRequest> requests) {
        Score[] scores = new Score[requests.size()];
        List<Integer> places = new ArrayList<>();
        List<RemoteText> texts = new ArrayList<>();
        for (int i = 0; i < scores.length; i++) {
            try {
                texts.add(text(requests.get(i)));
                places.add(i);
            } catch (SaveException refused) {
                if (refused.kind() != SaveException.Kind.USER) {
                    throw refused;
                }
                scores[i] = Score.missing(refused.getMessage());
            }
        }
        List<Score> answers = askAll(texts);
        for (int i = 0; i < answers.size(); i++) {
            scores[places.get(i)] = answers.get(i);
        }
        return List.of(scores);
    }

    /** The scores in the order of the texts, several parts of which are on their way at a time. */
    private List<Score> askAll(List<RemoteText> texts) {
        List<Future<List<Score>>> parts = new ArrayList<>();
        for (int from = 0; from < texts.size(); from += server.batch()) {
            List<RemoteText> part = texts.subList(from, Math.min(from + server.batch(), texts.size()));
            parts.add(threads.submit(() -> ask(part)));
        }
        List<Score> scores = new ArrayList<>();
        try {
            for (Future<List<Score>> part : parts) {
                scores.addAll(part.get());
            }
            return scores;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof SaveException known) {
                throw known;
            }
            throw SaveException.internal("cannot ask " + server + ": " + failed.getCause(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("asking " + server + " was interrupted", interrupted);
        } finally {
            parts.forEach(part -> part.cancel(true));
        }
    }

    private RemoteText text(ScoreRequest request) {
        return new RemoteText(request.promptText(), request.response(), whole(request));
    }

    private String whole(ScoreRequest request) {
        if (server.template().isEmpty()) {
            return request.promptText() + request.response();
        }
        ChatTemplate template = server.template().get();
        List<ChatMessage> messages = new ArrayList<>();
        request.prompt().messages().forEach(turn -> messages.add(new ChatMessage(turn.role(), turn.content())));
        messages.add(new ChatMessage("assistant", request.response()));
        String text = template.render(messages, false, Map.of());
        // The server's tokenizer begins the text once more.
        Optional<String> begin =
                template.variable("bos_token").filter(token -> server.api().addsBegin() && text.startsWith(token));
        return begin.map(token -> text.substring(token.length())).orElse(text);
    }

    private List<Score> ask(List<RemoteText> texts) {
        JsonNode answer;
        try {
            answer = connection.post(server.api().body(texts, model));
        } catch (RemoteConnection.Refused refused) {
            if (texts.size() == 1) {
                return List.of(Score.missing(String.valueOf(refused.getMessage())));
            }
            // One text that is refused takes the whole request with it; halves find it.
            List<Score> scores = new ArrayList<>(ask(texts.subList(0, texts.size() / 2)));
            scores.addAll(ask(texts.subList(texts.size() / 2, texts.size())));
            return scores;
        }
        try {
            return Arrays.stream(server.api().scores(answer, texts.size()))
                    .mapToObj(Score::of)
                    .toList();
        } catch (SaveException strange) {
            throw SaveException.engine(server.address() + ": " + strange.getMessage() + RemoteConnection.KEPT, strange);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}

package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How the servers of reward models are asked and answer. */
public enum RemoteApi {
    /** {@code POST /get_reward {"query", "prompts", "labels"}} to {@code {"rewards": [number]}}; source: OpenRLHF utils/agent.py. */
    OPENRLHF("openrlhf", "/get_reward") {
        @Override
        ObjectNode body(List<RemoteText> texts, Optional<String> model) {
            ObjectNode body = JsonMapper.shared().createObjectNode();
            ArrayNode query = body.putArray("query");
            ArrayNode prompts = body.putArray("prompts");
            ArrayNode labels = body.putArray("labels");
            for (RemoteText text : texts) {
                query.add(text.whole());
                prompts.add(text.prompt());
                labels.add("");
            }
            return body;
        }

        @Override
        double[] scores(JsonNode answer, int count) {
            return numbers(answer.path("rewards"), answer, count);
        }
    },

    /** {@code POST /classify {"model", "input"}} to {@code {"data": [{"index", "probs"}]}}; source: vLLM's server, as verl uses it. */
    VLLM_CLASSIFY("vllm", "/classify") {
        @Override
        ObjectNode body(List<RemoteText> texts, Optional<String> model) {
            ObjectNode body = whole(texts, model, "input");
            // Probabilities of one label are all 1; older releases know the second name alone.
            return body.put("use_activation", false).put("activation", false);
        }

        @Override
        double[] scores(JsonNode answer, int count) {
            return indexed(answer, "probs", count);
        }
    },

    /** {@code POST /score {"model", "text_1", "text_2"}} to {@code {"data": [{"index", "score"}]}}; source: vLLM's server. */
    VLLM_SCORE("vllm", "/score") {
        @Override
        ObjectNode body(List<RemoteText> texts, Optional<String> model) {
            ObjectNode body = JsonMapper.shared().createObjectNode();
            model.ifPresent(name -> body.put("model", name));
            ArrayNode first = body.putArray("text_1");
            ArrayNode second = body.putArray("text_2");
            for (RemoteText text : texts) {
                first.add(text.prompt());
                second.add(text.response());
            }
            return body;
        }

        @Override
        double[] scores(JsonNode answer, int count) {
            return indexed(answer, "score", count);
        }
    },

    /** {@code POST /pooling {"model", "input"}} to {@code {"data": [{"index", "data"}]}}, nested lists whose last number is the score; source: vLLM's server. */
    VLLM_POOLING("vllm", "/pooling") {
        @Override
        ObjectNode body(List<RemoteText> texts, Optional<String> model) {
            return whole(texts, model, "input");
        }

        @Override
        double[] scores(JsonNode answer, int count) {
            return indexed(answer, "data", count);
        }
    },

    /** {@code POST /classify {"text"}} to {@code [{"embedding": [score]}]}; source: README of Skywork-Reward-V2. */
    SGLANG("sglang", "/classify") {
        @Override
        ObjectNode body(List<RemoteText> texts, Optional<String> model) {
            return whole(texts, model, "text");
        }

        @Override
        double[] scores(JsonNode answer, int count) {
            // A single text may be answered without the list.
            JsonNode list =
                    answer.isObject() ? JsonMapper.shared().createArrayNode().add(answer) : answer;
            return numbers(list, answer, count, "embedding");
        }
    };

    private final String word;
    private final String path;

    RemoteApi(String word, String path) {
        this.word = word;
        this.path = path;
    }

    abstract ObjectNode body(List<RemoteText> texts, Optional<String> model);

    /** The scores in the order of the texts; NaN for one that is NaN or null. An ENGINE error when the answer is of another form. */
    abstract double[] scores(JsonNode answer, int count);

    /** What a user calls it. */
    String word() {
        return word;
    }

    /** Whether the server needs the name of a model, and can list those that it has. */
    boolean namesModels() {
        return word.equals("vllm");
    }

    /** Whether prompt and response are sent apart, so that no chat template is needed here. */
    boolean apart() {
        return this == VLLM_SCORE;
    }

    /** Whether the server's tokenizer puts its begin-of-text token before what is sent. */
    boolean addsBegin() {
        return this != OPENRLHF;
    }

    /** By the end of a path, and by its name where several share the path; a USER error that tells them apart. */
    static RemoteApi of(String address, String path, Optional<String> named) {
        named.filter(name -> Arrays.stream(values()).noneMatch(api -> api.word.equals(name)))
                .ifPresent(name -> {
                    throw SaveException.user(
                            "'" + name + "' is no protocol of a reward server; expected openrlhf, vllm or sglang");
                });
        List<RemoteApi> fitting = Arrays.stream(values())
                .filter(api ->
                        path.endsWith(api.path) && named.map(api.word::equals).orElse(true))
                .toList();
        if (fitting.size() > 1) {
            throw SaveException.user(
                    "both vLLM and SGLang have " + address + "; say which: vllm:" + address + " or sglang:" + address);
        }
        if (fitting.isEmpty()) {
            throw SaveException.user(
                    "'" + address + "' is no address of a reward server"
                            + named.map(name -> " of " + name).orElse("")
                            + "; expected /get_reward of OpenRLHF, /classify, /score or /pooling of vLLM, or /classify of SGLang");
        }
        return fitting.get(0);
    }

    private static ObjectNode whole(List<RemoteText> texts, Optional<String> model, String key) {
        ObjectNode body = JsonMapper.shared().createObjectNode();
        model.ifPresent(name -> body.put("model", name));
        ArrayNode list = body.putArray(key);
        texts.forEach(text -> list.add(text.whole()));
        return body;
    }

    private static double[] indexed(JsonNode answer, String key, int count) {
        JsonNode data = answer.path("data");
        double[] scores = new double[count];
        Arrays.fill(scores, Double.NaN);
        boolean[] seen = new boolean[count];
        int place = 0;
        for (JsonNode one : data) {
            int index = one.path("index").asInt(place++);
            if (index < 0 || index >= count || seen[index]) {
                throw strange(answer, count);
            }
            seen[index] = true;
            scores[index] = last(one.path(key), answer, count);
        }
        if (place != count) {
            throw strange(answer, count);
        }
        return scores;
    }

    private static double[] numbers(JsonNode list, JsonNode answer, int count, String... key) {
        double[] scores = new double[count];
        if (!list.isArray() || list.size() != count) {
            throw strange(answer, count);
        }
        for (int i = 0; i < count; i++) {
            JsonNode value = key.length == 0 ? list.get(i) : list.get(i).path(key[0]);
            scores[i] = last(value, answer, count);
        }
        return scores;
    }

    /** The number, or the last of nested lists of numbers. Servers without a word for NaN write null. */
    private static double last(JsonNode value, JsonNode answer, int count) {
        JsonNode node = value;
        while (node.isArray() && !node.isEmpty()) {
            node = node.get(node.size() - 1);
        }
        if (!node.isNumber() && !node.isNull()) {
            throw strange(answer, count);
        }
        return node.isNull() ? Double.NaN : node.doubleValue();
    }

    private static SaveException strange(JsonNode answer, int count) {
        String text = answer.toString();
        return SaveException.engine("the answer does not hold " + count + " scores where they are expected: "
                + (text.length() <= 300 ? text : text.substring(0, 300) + " …"));
    }
}

package dev.save4j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplatesTest {
    private static final List<ChatMessage> HI = List.of(new ChatMessage("user", "hi"));

    @TempDir
    private Path folder;

    @Test
    void findsNothingInAFolderWithoutTemplate() throws IOException {
        assertThat(ChatTemplates.ofFolder(folder)).isEmpty();
        write("tokenizer_config.json", "{'chat_template': null}");
        assertThat(ChatTemplates.ofFolder(folder)).isEmpty();
    }

    @Test
    void readsTheTokenizersSettingsWithItsSpecialTokens() throws IOException {
        write(
                "tokenizer_config.json",
                "{'bos_token': {'content': '<b>', 'lstrip': false}, 'eos_token': '<e>', 'pad_token': null,"
                        + " 'chat_template': '{{ bos_token ~ messages[0].content ~ eos_token ~ pad_token }}'}");
        assertThat(rendered(ChatTemplates.ofFolder(folder).orElseThrow())).isEqualTo("<b>hi<e>");
    }

    @Test
    void readsNamedTemplates() throws IOException {
        write(
                "tokenizer_config.json",
                "{'chat_template': [{'name': 'tool_use', 'template': 'T'}, {'name': 'default', 'template': 'D'}]}");
        assertThat(rendered(ChatTemplates.ofFolder(folder).orElseThrow())).isEqualTo("D");
        assertThat(rendered(ChatTemplates.named(folder, "tool_use").orElseThrow()))
                .isEqualTo("T");
        assertThat(ChatTemplates.named(folder, "rag")).isEmpty();
    }

    @Test
    void prefersTheFileOfItsOwn() throws IOException {
        write("tokenizer_config.json", "{'eos_token': '<e>', 'chat_template': 'config'}");
        write("chat_template.json", "{'chat_template': 'json'}");
        assertThat(rendered(ChatTemplates.ofFolder(folder).orElseThrow())).isEqualTo("json");
        write("chat_template.jinja", "jinja {{ eos_token }}\n");
        assertThat(rendered(ChatTemplates.ofFolder(folder).orElseThrow())).isEqualTo("jinja <e>");
    }

    @Test
    void saysWhatIsWrongInWhichFile() throws IOException {
        write("tokenizer_config.json", "{'chat_template': 3}");
        assertThatThrownBy(() -> ChatTemplates.ofFolder(folder))
                .hasMessageContaining("tokenizer_config.json: chat_template is NUMBER; expected a text, or a list");
        write("tokenizer_config.json", "{'chat_template': '{% do x %}'}");
        assertThatThrownBy(() -> ChatTemplates.ofFolder(folder))
                .hasMessageContaining("tokenizer_config.json, line 1: the tag 'do' is not known");
    }

    private static String rendered(ChatTemplate template) {
        return template.render(HI, false, Map.of());
    }

    /** Writes a file, with double quotes for the single ones of its JSON. */
    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text.replace('\'', '"'));
    }
}

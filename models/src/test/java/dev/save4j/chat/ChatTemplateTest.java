package dev.save4j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.save4j.SaveException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected texts were made by Jinja2 3.1.6 with the options of Transformers. */
class ChatTemplateTest {
    private static final List<ChatMessage> CONVERSATION = List.of(
            new ChatMessage("system", "Be brief."),
            new ChatMessage("user", " Hi there\n"),
            new ChatMessage("assistant", "Hello!"),
            new ChatMessage("user", "1 < 2?"));

    @Test
    void rendersInTheStyleOfChatMl() {
        String template = "{% for m in messages %}\n"
                + "{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}\n"
                + "{% endfor %}\n"
                + "{% if add_generation_prompt %}\n"
                + "{{ '<|im_start|>assistant\\n' }}\n"
                + "{% endif %}\n";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<|im_start|>system\n"
                        + "Be brief.<|im_end|>\n"
                        + "\n"
                        + "<|im_start|>user\n"
                        + " Hi there\n"
                        + "<|im_end|>\n"
                        + "\n"
                        + "<|im_start|>assistant\n"
                        + "Hello!<|im_end|>\n"
                        + "\n"
                        + "<|im_start|>user\n"
                        + "1 < 2?<|im_end|>\n"
                        + "\n"
                        + "<|im_start|>assistant\n"
                        + "\n");
    }

    @Test
    void rendersInTheStyleOfQwen() {
        String template = "{%- if messages[0].role == 'system' %}\n"
                + "    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}\n"
                + "{%- endif %}\n"
                + "{%- set ns = namespace(last=messages|length - 1, open=true) %}\n"
                + "{%- for m in messages[::-1] %}\n"
                + "    {%- set place = (messages|length - 1) - loop.index0 %}\n"
                + "    {%- if ns.open and m.role == 'user' and m.content is string and not (m.content.startswith('<t>') and m.content.endswith('</t>')) %}\n"
                + "        {%- set ns.open = false %}\n"
                + "        {%- set ns.last = place %}\n"
                + "    {%- endif %}\n"
                + "{%- endfor %}\n"
                + "{%- for m in messages %}\n"
                + "    {%- if m.role == 'user' or (m.role == 'system' and not loop.first) %}\n"
                + "        {{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}\n"
                + "    {%- elif m.role == 'assistant' %}\n"
                + "        {%- set answer = m.content.split('</think>')[-1].lstrip('\\n') %}\n"
                + "        {{- '<|im_start|>assistant\\n' }}\n"
                + "        {%- if loop.index0 > ns.last %}{{- '<think></think>' }}{%- endif %}\n"
                + "        {{- answer + '<|im_end|>\\n' }}\n"
                + "    {%- endif %}\n"
                + "{%- endfor %}\n"
                + "{%- if add_generation_prompt %}\n"
                + "    {{- '<|im_start|>assistant\\n' }}\n"
                + "    {%- if thinking is defined and thinking is false %}\n"
                + "        {{- '<think>\\n\\n</think>\\n\\n' }}\n"
                + "    {%- endif %}\n"
                + "{%- endif %}";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<|im_start|>system\n"
                        + "Be brief.<|im_end|>\n"
                        + "<|im_start|>user\n"
                        + " Hi there\n"
                        + "<|im_end|>\n"
                        + "<|im_start|>assistant\n"
                        + "Hello!<|im_end|>\n"
                        + "<|im_start|>user\n"
                        + "1 < 2?<|im_end|>\n"
                        + "<|im_start|>assistant\n");
    }

    @Test
    void rendersInTheStyleOfLlama() {
        String template = "{{- bos_token }}\n"
                + "{%- if not date is defined %}\n"
                + "    {%- if strftime_now is defined %}{%- set date = strftime_now('%d %b %Y') %}{%- else %}{%- set date = '26 Jul 2024' %}{%- endif %}\n"
                + "{%- endif %}\n"
                + "{%- if messages[0]['role'] == 'system' %}\n"
                + "    {%- set system = messages[0]['content']|trim %}\n"
                + "    {%- set messages = messages[1:] %}\n"
                + "{%- else %}\n"
                + "    {%- set system = '' %}\n"
                + "{%- endif %}\n"
                + "{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}\n"
                + "{{- 'Today Date: ' + date + '\\n\\n' }}\n"
                + "{{- system }}\n"
                + "{{- '<|eot_id|>' }}\n"
                + "{%- for m in messages %}\n"
                + "    {{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim + '<|eot_id|>' }}\n"
                + "{%- endfor %}\n"
                + "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}\n";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<s><|start_header_id|>system<|end_header_id|>\n"
                        + "\n"
                        + "Today Date: 26 Jul 2024\n"
                        + "\n"
                        + "Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n"
                        + "\n"
                        + "Hi there<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n"
                        + "\n"
                        + "Hello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n"
                        + "\n"
                        + "1 < 2?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n"
                        + "\n");
    }

    @Test
    void rendersInTheStyleOfMistral() {
        String template = "{%- if messages[0]['role'] == 'system' %}\n"
                + "  {%- set system = messages[0]['content'] %}\n"
                + "  {%- set turns = messages[1:] %}\n"
                + "{%- else %}\n"
                + "  {%- set turns = messages %}\n"
                + "{%- endif %}\n"
                + "{{- bos_token }}\n"
                + "{%- for m in turns %}\n"
                + "  {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}\n"
                + "    {{- raise_exception('roles must alternate user/assistant') }}\n"
                + "  {%- endif %}\n"
                + "  {%- if m['role'] == 'user' %}\n"
                + "    {%- if loop.last and system is defined %}\n"
                + "      {{- '[INST] ' + system + '\\n\\n' + m['content'] + '[/INST]' }}\n"
                + "    {%- else %}\n"
                + "      {{- '[INST] ' + m['content'] + '[/INST]' }}\n"
                + "    {%- endif %}\n"
                + "  {%- elif m['role'] == 'assistant' %}\n"
                + "    {{- ' ' + m['content'] + eos_token }}\n"
                + "  {%- endif %}\n"
                + "{%- endfor %}\n";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<s>[INST]  Hi there\n" + "[/INST] Hello!</s>[INST] Be brief.\n" + "\n" + "1 < 2?[/INST]");
    }

    @Test
    void rendersInTheStyleOfGemma() {
        String template =
                "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}{% if m['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = m['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}";
        assertThat(rendered(template, CONVERSATION.subList(1, 4)))
                .isEqualTo("<s><start_of_turn>user\n"
                        + "Hi there<end_of_turn>\n"
                        + "<start_of_turn>model\n"
                        + "Hello!<end_of_turn>\n"
                        + "<start_of_turn>user\n"
                        + "1 < 2?<end_of_turn>\n"
                        + "<start_of_turn>model\n");
    }

    @Test
    void rendersInTheStyleOfZephyr() {
        String template = "{% for m in messages %}\n"
                + "{% if m['role'] == 'user' %}\n"
                + "{{ '<|user|>\\n' + m['content'] + eos_token }}\n"
                + "{% elif m['role'] == 'system' %}\n"
                + "{{ '<|system|>\\n' + m['content'] + eos_token }}\n"
                + "{% elif m['role'] == 'assistant' %}\n"
                + "{{ '<|assistant|>\\n'  + m['content'] + eos_token }}\n"
                + "{% endif %}\n"
                + "{% if loop.last and add_generation_prompt %}\n"
                + "{{ '<|assistant|>' }}\n"
                + "{% endif %}\n"
                + "{% endfor %}";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<|system|>\n"
                        + "Be brief.</s>\n"
                        + "<|user|>\n"
                        + " Hi there\n"
                        + "</s>\n"
                        + "<|assistant|>\n"
                        + "Hello!</s>\n"
                        + "<|user|>\n"
                        + "1 < 2?</s>\n"
                        + "<|assistant|>\n");
    }

    @Test
    void rendersInTheStyleOfPhi() {
        String template =
                "{% for m in messages %}{% if m['role'] in ['system', 'user', 'assistant'] %}{{'<|' + m['role'] + '|>' + '\n"
                        + "' + m['content'] + '<|end|>' + '\n"
                        + "'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n"
                        + "' }}{% else %}{{ eos_token }}{% endif %}";
        assertThat(rendered(template, CONVERSATION))
                .isEqualTo("<|system|>\n"
                        + "Be brief.<|end|>\n"
                        + "<|user|>\n"
                        + " Hi there\n"
                        + "<|end|>\n"
                        + "<|assistant|>\n"
                        + "Hello!<|end|>\n"
                        + "<|user|>\n"
                        + "1 < 2?<|end|>\n"
                        + "<|assistant|>\n");
    }

    @Test
    void refusesWithTheMessageOfTheTemplate() {
        ChatTemplate template = ChatTemplate.parse(
                "{% if messages[0].role == 'system' %}\n{{ raise_exception('no ' + messages[0].role) }}{% endif %}",
                "t");
        assertThatThrownBy(() -> template.render(CONVERSATION, true, Map.of()))
                .isInstanceOfSatisfying(
                        SaveException.class, error -> assertThat(error.kind()).isEqualTo(SaveException.Kind.USER))
                .hasMessage("chat template t, line 2 refuses the conversation: no system");
    }

    @Test
    void tellsTheTimeOfItsClockOnly() {
        ChatTemplate template = ChatTemplate.parse(
                "{{ strftime_now('%d %b %Y %-d %H:%M %A') if strftime_now is defined else 'no clock' }}", "t");
        assertThat(template.render(Map.of())).isEqualTo("no clock");
        Clock clock = Clock.fixed(Instant.parse("2024-07-06T05:34:56Z"), ZoneOffset.UTC);
        assertThat(template.withClock(clock).render(Map.of())).isEqualTo("06 Jul 2024 6 05:34 Saturday");
    }

    @Test
    void escapesNothingButWhatJsonNeeds() {
        assertThat(ChatTemplate.parse("{{ x | tojson }}", "t").render(Map.of("x", Map.of("k", "<é&'\"\n>"))))
                .isEqualTo("{\"k\": \"<é&'\\\"\\n>\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`{{ a | nothing }}`          | line 1: the filter 'nothing' is not supported; known are abs",
                "{{ a is nothing }}           | line 1: the test 'nothing' is not supported; known are !=",
                "`{% if a %}\n{% include 'x' %}` | line 2: the tag 'include' is not supported",
                "{% trans %}                  | line 1: the tag 'trans' is not known",
                "{% for a in b recursive %}   | line 1: a recursive loop is not supported",
                "{{ f(*a) }}                  | line 1: arguments with * are not supported",
                "{{ joiner(',') }}            | line 1: the function 'joiner' is not supported",
                "{{ a.__class__ }}            | line 1: the attribute '__class__' is out of a template's reach",
                "`{% if a %}\n\nx`            | line 3: the template ends before elif or else or endif",
                "{% endif %}                  | the tag 'endif' is not known",
                "{{ a b }}                    | line 1: expected }}, found 'b'",
                "{{ 'a }}                     | line 1: unexpected character '''",
                "{{ a                         | line 1: a tag without }}",
                "{# a                         | line 1: a comment {# without #}",
                "{% break %}                  | line 1: 'break' outside a loop",
            })
    void refusesWhatItDoesNotKnowWhenItIsParsed(String template, String message) {
        assertThatThrownBy(() -> ChatTemplate.parse(template, "t"))
                .isInstanceOf(SaveException.class)
                .hasMessageStartingWith("chat template t, line ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{{ missing.x }}      | line 1: 'missing' is undefined",
                "`a\n{{ missing + 1 }}` | line 2: 'missing' is undefined",
                "{{ messages.append(1) }} | line 1: the method 'append', which would change a list, is undefined",
                "{{ none + 1 }}       | line 1: '+' does not take none and an integer",
                "{{ 1 // 0 }}         | line 1: 1 // 0: / by zero",
                "{{ 3 in 'abc' }}     | line 1: 'in' a string takes a string, but got an integer",
                "{% for x in 3 %}{% endfor %} | line 1: an integer cannot be walked through",
                "{% for a, b in [[1]] %}{% endfor %} | line 1: cannot unpack 1 values into 2 names",
                "{% set x.y = 1 %}    | line 1: only an attribute of a namespace can be set",
                "{{ 'a'.join([1]) }}  | line 1: a method of strings needs a string, but got an integer",
            })
    void saysWhereATemplateFails(String template, String message) {
        assertThatThrownBy(() -> ChatTemplate.parse(template, "t").render(CONVERSATION, false, Map.of()))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}; more than 5000000 steps",
                "{{ 'a' * 1000000000000 }}; a text of more than 16777216 characters",
                "{% set n = namespace(s='aa') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}; 16777216",
                "{% set n = namespace(l=1) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}"
                        + "; too large",
                "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}; 5000000",
                "{{ range(100001) }}; a range of more than 100000 numbers",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}; macros call each other more than 100 deep",
            })
    void limitsWhatAHostileTemplateUses(String template, String message) {
        assertThatThrownBy(() -> ChatTemplate.parse(template, "t").render(Map.of()))
                .isInstanceOf(SaveException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesDeepNestingWithoutOverflow() {
        for (String nested : List.of(
                "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
                "{% if a %}".repeat(5000) + "{% endif %}".repeat(5000),
                "{{ " + "not ".repeat(5000) + "1 }}")) {
            assertThatThrownBy(() -> ChatTemplate.parse(nested, "t")).hasMessageContaining("nested more than 200 deep");
        }
    }

    @Test
    void oneTemplateServesSeveralThreads() {
        ChatTemplate template = ChatTemplate.parse(
                "{% set n = namespace(t='') %}{% for m in messages %}{% set n.t = n.t ~ m.content %}{% endfor %}{{ n.t }}",
                "t");
        List<String> rendered = IntStream.range(0, 200)
                .parallel()
                .mapToObj(i -> template.render(List.of(new ChatMessage("user", "m" + i)), false, Map.of()))
                .toList();
        assertThat(rendered)
                .isEqualTo(IntStream.range(0, 200).mapToObj(i -> "m" + i).toList());
    }

    private static String rendered(String template, List<ChatMessage> messages) {
        return ChatTemplate.parse(template, "t")
                .withVariables(Map.of("bos_token", "<s>", "eos_token", "</s>"))
                .render(messages, true, Map.of());
    }
}

package dev.save4j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The language itself; the expected texts were made by Jinja2 3.1.6 with the options of Transformers. */
class JinjaTest {
    @ParameterizedTest
    @MethodSource("templates")
    void rendersAsJinjaDoes(String template, String expected) {
        assertThat(ChatTemplate.parse(template, "t").render(variables())).isEqualTo(expected);
    }

    private static Map<String, Object> variables() {
        Map<String, Object> variables = new LinkedHashMap<>();
        variables.put("s", "Hello, World");
        variables.put("e", "");
        variables.put("n", null);
        variables.put("i", 7);
        variables.put("f", 2.5);
        variables.put("t", true);
        variables.put("l", List.of(3, 1, 2));
        variables.put("names", List.of("b", "A", "c"));
        variables.put("d", map("b", 1, "a", new ArrayList<>(Arrays.asList(1, "x", null)), "items", "mine"));
        variables.put(
                "ms",
                List.of(
                        map("role", "user", "content", "a", "k", 1),
                        map("role", "tool", "content", "b"),
                        map("role", "user", "content", "c", "k", 0)));
        variables.put("u", "\u00e9\ud83d\ude00\u00df\u00a0x\n");
        variables.put("q", "it's \"q\"");
        variables.put("ws", "  a b \t c\n");
        return variables;
    }

    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int at = 0; at < pairs.length; at += 2) {
            map.put((String) pairs[at], pairs[at + 1]);
        }
        return map;
    }

    private static Stream<Arguments> templates() {
        return Stream.of(
                arguments(
                        "{{ s[::-1] }}|{{ s[1:4] }}|{{ s[-3:] }}|{{ l[::-1] }}|{{ l[5] }}|{{ l[-1] }}|{{ u[1] }}|{{ u|length }}|{{ u[::2] }}",
                        "dlroW ,olleH|ell|rld|[2, 1, 3]||2|\ud83d\ude00|6|\u00e9\u00dfx"),
                arguments(
                        "{{ l }} {{ d }} {{ (1,) }} {{ (1,2) }} {{ q }} {{ [q, u, \"a\\nb\\\\\"] }} {{ [1.0, 1e16, 1e-5, 0.1, 123456789.125, 1e22, 100000.0] }} {{ true }} {{ none }}",
                        "[3, 1, 2] {'b': 1, 'a': [1, 'x', None], 'items': 'mine'} (1,) (1, 2) it's \"q\" ['it\\'s \"q\"', '\u00e9\ud83d\ude00\u00df\\xa0x\\n', 'a\\nb\\\\'] [1.0, 1e+16, 1e-05, 0.1, 123456789.125, 1e+22, 100000.0] True None"),
                arguments(
                        "{{ 7//2 }} {{ -7//2 }} {{ -7%3 }} {{ 7/2 }} {{ 2**10 }} {{ 7.5//2 }} {{ -7.5%2 }} {{ 1+2*3 }} {{ -i }} {{ +i }} {{ 2*-1 }}",
                        "3 -4 2 3.5 1024 3.0 0.5 7 -7 7 -2"),
                arguments(
                        "{{ 1 < 2 < 3 }} {{ 1 < 3 > 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ [1,2] == [1,2] }} {{ (1,2) == [1,2] }} {{ 'a' < 'b' }}",
                        "True True True True True False True"),
                arguments(
                        "{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1] }} {{ 'ab' * 3 }} {{ 'x' if e else 'y' }} {{ 'x' if false }}| {{ missing }}|{{ missing|default('z') }} {{ e|default('z', true) }} {{ n|default('z') }}",
                        "a1NoneTrue1.0[1] ababab y | |z z None"),
                arguments(
                        "{{ d.items() }} {{ d['items'] }} {{ d.keys()|list }} {{ d.values()|list }} {{ d.get('zz') }} {{ d.get('zz', 4) }} {{ d.b }} {{ d.nope is defined }}",
                        "dict_items([('b', 1), ('a', [1, 'x', None]), ('items', 'mine')]) mine ['b', 'a', 'items'] [1, [1, 'x', None], 'mine'] None 4 1 False"),
                arguments(
                        "{{ d|tojson }} {{ d|tojson(indent=2) }} {{ q|tojson }} {{ u|tojson }} {{ [1.5,true,none]|tojson(separators=(',',':')) }} {{ {}|tojson(indent=4) }} {{ {'b':1,'a':2}|tojson(sort_keys=true) }} {{ []|tojson(indent=2) }} {{ [[],{}]|tojson(indent=1) }} {{ u|tojson(ensure_ascii=true) }}",
                        "{\"b\": 1, \"a\": [1, \"x\", null], \"items\": \"mine\"} {\n"
                                + "  \"b\": 1,\n"
                                + "  \"a\": [\n"
                                + "    1,\n"
                                + "    \"x\",\n"
                                + "    null\n"
                                + "  ],\n"
                                + "  \"items\": \"mine\"\n"
                                + "} \"it's \\\"q\\\"\" \"\u00e9\ud83d\ude00\u00df\u00a0x\\n\" [1.5,true,null] {} {\"a\": 2, \"b\": 1} [] [\n"
                                + " [],\n"
                                + " {}\n"
                                + "] \"\\u00e9\\ud83d\\ude00\\u00df\\u00a0x\\n\""),
                arguments(
                        "{{ ws.strip() }}|{{ ws.lstrip() }}|{{ ws.split() }}|{{ ws.split(' ') }}|{{ ws|trim }}|{{ 'xxaxx'.strip('x') }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ 'a\\nb\\r\\nc'.splitlines() }}",
                        "a b \t c|a b \t c\n"
                                + "|['a', 'b', 'c']|['', '', 'a', 'b', '\\t', 'c\\n']|a b \t c|a|['a', 'b,c']|['a,b', 'c']|['a', 'b', 'c']"),
                arguments(
                        "{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ 'hELLO wORLD'.capitalize() }} {{ \"it's a-b (c\"|title }} {{ \"it's a-b\".title() }} {{ s.replace('l','L') }} {{ s.replace('l','L',1) }} {{ s|replace('o','0') }} {{ s.find('o') }} {{ s.rfind('o') }} {{ s.count('l') }} {{ s.startswith('He') }} {{ s.endswith(('x','d')) }}",
                        "HELLO, WORLD hello, world Hello, World Hello world It's A-B (C It'S A-B HeLLo, WorLd HeLlo, World Hell0, W0rld 4 8 3 True True"),
                arguments(
                        "{{ ', '.join(names) }} {{ names|join('-') }} {{ ms|join(',', attribute='role') }} {{ l|join }} {{ s|first }} {{ s|last }} {{ l|sort }} {{ names|sort }} {{ names|sort(reverse=true) }} {{ names|sort(case_sensitive=true) }} {{ l|sum }} {{ l|min }} {{ l|max }} {{ l|reverse|list }} {{ s|reverse }}",
                        "b, A, c b-A-c user,tool,user 312 H d [1, 2, 3] ['A', 'b', 'c'] ['c', 'b', 'A'] ['A', 'b', 'c'] 6 1 3 [2, 1, 3] dlroW ,olleH"),
                arguments(
                        "{{ ms|selectattr('role','equalto','user')|map(attribute='content')|list }} {{ ms|rejectattr('role','==','user')|list }} {{ ms|selectattr('k')|list|length }} {{ ms|map(attribute='k', default='-')|join }} {{ names|map('upper')|join }} {{ l|select('odd')|list }} {{ l|reject('gt', 1)|list }} {{ l|select('in',[1,2])|list }}",
                        "['a', 'c'] [{'role': 'tool', 'content': 'b'}] 1 1-0 BAC [3, 1] [1] [1, 2]"),
                arguments(
                        "{% if ms|selectattr('role','==','none') %}T{% else %}F{% endif %} {{ d|dictsort }} {{ d|items|list }} {% for k, v in d|items %}{{ k }}={{ v }};{% endfor %} {{ [1,1,'a','A']|unique|list }} {{ '3'|int }} {{ 'x'|int(5) }} {{ '3.7'|int }} {{ 3.9|int }} {{ '2.5'|float }} {{ i|string|length }}",
                        "T [('a', [1, 'x', None]), ('b', 1), ('items', 'mine')] [('b', 1), ('a', [1, 'x', None]), ('items', 'mine')] b=1;a=[1, 'x', None];items=mine; [1, 'a'] 3 5 3 3 2.5 1"),
                arguments(
                        "{{ 1 is number }} {{ true is number }} {{ true is integer }} {{ 1.0 is float }} {{ s is string }} {{ d is mapping }} {{ d is sequence }} {{ s is sequence }} {{ missing is iterable }} {{ missing is sequence }} {{ i is iterable }} {{ n is none }} {{ t is true }} {{ 1 is true }} {{ t is boolean }} {{ i is odd }} {{ i is divisibleby 7 }} {{ 'a' is in 'abc' }} {{ 'A' is upper }} {{ d.items() is sequence }} {{ d.items() is iterable }} {{ s is not mapping and t }} {{ 3 is eq 3 }} {{ n is sameas none }}",
                        "True True False True True True True True True True False True True False True True True True True False True True True True"),
                arguments(
                        "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a','b') }}{{ loop.changed(x > 1) }} {{ loop.depth }} {% endfor %}",
                        "103TrueFalse31aTrue 1 212FalseFalse332bTrue 1 321FalseTrue31aTrue 1 "),
                arguments(
                        "{% for x in [] %}x{% else %}none{% endfor %}{% for m in ms if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ m.content }}{% endfor %}{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}",
                        "none1/2a2/2c32"),
                arguments(
                        "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}{% set ns = namespace(c=0, l=[]) %}{% for i in l %}{% set ns.c = ns.c + i %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.c }}{{ ns.l }}",
                        "4 2 3 16[3, 1, 2]"),
                arguments(
                        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set z %}  body {{ a }}{% endset %}[{{ z }}]{% set y | upper | trim %} up {% endset %}[{{ y }}]",
                        "12[  body 1][UP]"),
                arguments(
                        "{% macro m(a, b=2, c=a) %}<{{ a }},{{ b }},{{ c }}>{% endmacro %}{{ m(1) }}{{ m(1, c=5) }}{{ m() }}{{ m(b=3, a='q') }} {% macro w() %}[{{ caller() }}]{% endmacro %}{% call w() %}in{{ i }}{% endcall %}{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n-1) }}{% endif %}{% endmacro %}{{ r(3) }}",
                        "<1,2,1><1,2,5><,2,><q,3,q> [in7]3210"),
                arguments(
                        "{% macro late() %}{{ later }}{% endmacro %}{{ late() }}|{% set later = 5 %}{{ late() }}",
                        "|5"),
                arguments(
                        "{% filter upper %}abc {{ s }}{% endfilter %} {% with a = 1, b = i %}{{ a }}{{ b }}{% endwith %}{{ a }} {% generation %}gen{{ s }}{% endgeneration %}!",
                        "ABC HELLO, WORLD 17 genHello, World!"),
                arguments(
                        "  {% if true %}\n"
                                + "  indented\n"
                                + "    {%- if true %}\n"
                                + " x\n"
                                + " {%- endif %}\n"
                                + "  {% endif %}\n"
                                + " a {{- ' b ' -}} c\n"
                                + "\t{# c #}\n"
                                + "  {%+ if true %} keep\n"
                                + "{%+ endif %}   {% if true +%}\n"
                                + "plus{% endif -%}   \n"
                                + " end {% raw %}{{ raw }} {% x %}{% endraw %}\n"
                                + "{%- for x in l -%}  {{ x }}  {%- endfor -%}\n"
                                + "x {# comment {{ }} -#}   y {#- z #}  ",
                        "  indented x a b c\n" + "   keep\n" + "   \n" + "plusend {{ raw }} {% x %}312x y  "),
                arguments(
                        "{{ {'a': {'b': {}}} }} {{ {'a':{'b':1}}.a.b }} {{ 'a' 'b' }} {{ '\\u00e9\\x41\\n\\t\\q\\101' }} {{ \"a'b\" }} {{ 1_000 }} {{ 1e3 }} {{ 1.5e-3 }}",
                        "{'a': {'b': {}}} 1 ab \u00e9A\n" + "\t\\qA a'b 1000 1000.0 0.0015"),
                arguments(
                        "{{ s in ['x', s] }} {{ 'b' in d }} {{ 'z' not in d }} {{ 3 in l }} {{ 'lo' in s }} {{ not s }} {{ not n and t }} {{ e or 'f' }} {{ s and 3 }} {{ missing == missing2 }} {{ missing in l }} {{ missing or 1 }} {{ missing ~ 'x' }}",
                        "True True True True True False True f 3 True False 1 x"),
                arguments(
                        "{{ '%s-%d' % ('a', 3) }} {{ '%s' % s }} {{ '{} {}'.format(1, 'b') }} {{ '{0}{x}{0}'.format(1, x=2) }} {{ '%s!'|format('a') }} {{ 'a\\nb\\n\\nc'|indent }} {{ 'a\\nb'|indent(2, true) }} {{ 'a\\n\\nb'|indent(width=1, blank=true) }}",
                        "a-3 Hello, World 1 b 121 a! a\n"
                                + "    b\n"
                                + "\n"
                                + "    c   a\n"
                                + "  b a\n"
                                + " \n"
                                + " b"),
                arguments(
                        "{{ range(3)|list }} {{ range(5, 1, -2)|list }} {{ dict(a=1) }} {{ '<b>'|safe }} {{ ('<b>'|safe) + '<i>' }} {{ ('<b>'|safe) ~ '<i>' }} {{ d|tojson|safe }} {{ d|length }} {{ missing|length }} {{ n|string }} {{ [none, missing]|join(',') }}",
                        "[0, 1, 2] [5, 3] {'a': 1} <b> <b>&lt;i&gt; <b><i> {\"b\": 1, \"a\": [1, \"x\", null], \"items\": \"mine\"} 3 0 None None,"),
                arguments(
                        "{{ n.x }}|{{ n.x is defined }}|{{ i.foo }}|{{ s.foo is defined }}|{{ s.strip is defined }}|{{ l.append is defined }}",
                        "|False||False|True|False"),
                arguments(
                        "{{ messages[0]['role'] if messages else 'none' }} {{ (l|last) * 2 }} {{ l|first ~ s|last }} {{ l[1:][0] }} {{ ms[0].role }} {{ ms[-1]['content'] }} {{ ms[1:]|length }} {{ ms|map(attribute='role')|unique|list }}",
                        "none 4 3d 1 user c 2 ['user', 'tool']"),
                arguments(
                        "{% for a, b in [[1,2],[3,4]] %}{{ a }}{{ b }}{% endfor %}{% for a in d %}{{ a }}{% endfor %}{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}{% for c in 'a\u00e9' %}{{ c }},{% endfor %}",
                        "1234baitemsb1a[1, 'x', None]itemsminea,\u00e9,"),
                arguments(
                        "{% for x in l %}{% for y in names %}{{ loop.index }}{{ x }}{{ y }}{% endfor %}{{ loop.index }}{% endfor %}{{ loop is defined }}",
                        "13b23A33c111b21A31c212b22A32c3False"),
                arguments(
                        "{% if false %}a{% elif true %}b{% else %}c{% endif %}{% if missing %}x{% endif %}{% if not missing %}y{% endif %}{% if l and d and s %}z{% endif %}{% if ' ' %}w{% endif %}{% if 0.0 %}v{% endif %}",
                        "byzw"),
                arguments(
                        "{{ u.upper() }} {{ u.lower() }} {{ u.strip() }}| {{ '\u01c6'.title() }} {{ '\u0130'.lower() }} {{ '\u0391\u03a3'.lower() }} {{ '\\u2003x\\u200b'.strip() }}| {{ ['\\u200b\\xa0\u00e9'] }}",
                        "\u00c9\ud83d\ude00SS\u00a0X\n"
                                + " \u00e9\ud83d\ude00\u00df\u00a0x\n"
                                + " \u00e9\ud83d\ude00\u00df\u00a0x| \u01c5 i\u0307 \u03b1\u03c2 x\u200b| ['\\u200b\\xa0\u00e9']"),
                arguments(
                        "{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'Ab'.isupper() }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ ''.split(',') }} {{ ''.split() }} {{ 'aXbX'.split('X') }} {{ 'ab'.replace('', '-') }} {{ 'ab'.index('b') }} {{ l.index(1) }} {{ l.count(1) }}",
                        "True True True True False x [''] [] ['a', 'b', ''] -a-b- 1 1 1"),
                arguments(
                        "{{ s[i] }} {{ s[2:1] }} {{ s[:-1] }} {{ s[-100:100] }} {{ l[1:2] }} {{ l[:-1] }} {{ l[-2::-1] }} {{ (1,2,3)[1:] }} {{ n[0] }} {{ l['x'] }} {{ d[none] }}",
                        "W  Hello, Worl Hello, World [1] [3, 1] [1, 3] (2, 3)   "));
    }
}

package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PanelsTest {
    private static Panels.Panel panel(String title, String... labels) {
        double[] x = {1, 8, 32};
        double[] y = {100, 300, 900};
        return new Panels.Panel(
                title,
                IntStream.range(0, labels.length)
                        .mapToObj(i -> new Panels.Line(labels[i], labels[i].equals("roof"), x, y))
                        .toList());
    }

    @Test
    void panelsLieInRowsOfTwoWithOneLegend() throws Exception {
        Element one = svg(panel("small", "fast", "roof"));
        Element three = svg(panel("a", "fast", "slow"), panel("b", "fast"), panel("c", "slow"));

        assertThat(one.getAttribute("width")).isEqualTo("900");
        assertThat(one.getAttribute("height")).isEqualTo("352");
        assertThat(three.getAttribute("height")).isEqualTo("672");
        assertThat(texts(one)).contains("fast", "roof");
        assertThat(texts(three)).containsOnlyOnce("fast", "slow");
    }

    @Test
    void theFileIsTheSameEveryTime() {
        Panels.Panel panel = panel("small", "fast", "roof");
        assertThat(Panels.svg("x", "y", List.of(panel))).isEqualTo(Panels.svg("x", "y", List.of(panel)));
    }

    private static Element svg(Panels.Panel... panels) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
        // The declaration names a file on the network.
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        DocumentBuilder builder = factory.newDocumentBuilder();
        String text = Panels.svg("sequences", "tokens/s", List.of(panels));
        return builder.parse(new InputSource(new StringReader(text))).getDocumentElement();
    }

    private static List<String> texts(Element svg) {
        NodeList texts = svg.getElementsByTagNameNS("*", "text");
        return IntStream.range(0, texts.getLength())
                .mapToObj(i -> texts.item(i).getTextContent())
                .toList();
    }
}

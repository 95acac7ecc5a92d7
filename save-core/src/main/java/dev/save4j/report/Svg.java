package dev.save4j.report;

import dev.save4j.SaveException;
import java.awt.Dimension;
import java.awt.Graphics2D;
import java.io.StringWriter;
import java.util.function.Consumer;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGGraphics2DIOException;
import org.w3c.dom.Document;

/** Drawings as SVG. */
final class Svg {
    private Svg() {}

    static String of(int width, int height, Consumer<Graphics2D> drawing) {
        try {
            Document document = DocumentBuilderFactory.newDefaultNSInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(SVGGraphics2D.SVG_NAMESPACE_URI, "svg", null);
            SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
            context.setPrecision(1);
            context.setComment(null);
            SVGGraphics2D graphics = new SVGGraphics2D(context, false);
            graphics.setSVGCanvasSize(new Dimension(width, height));
            drawing.accept(graphics);
            StringWriter text = new StringWriter();
            graphics.stream(text, true);
            return text.toString();
        } catch (ParserConfigurationException | SVGGraphics2DIOException failed) {
            throw SaveException.internal("a plot cannot be written as SVG", failed);
        }
    }
}

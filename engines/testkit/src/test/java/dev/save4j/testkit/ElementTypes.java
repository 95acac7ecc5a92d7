package dev.save4j.testkit;

import dev.save4j.tensor.ElementType;
import java.util.Set;

final class ElementTypes {
    static final Set<ElementType> ALL = Set.of(ElementType.values());

    private ElementTypes() {}
}

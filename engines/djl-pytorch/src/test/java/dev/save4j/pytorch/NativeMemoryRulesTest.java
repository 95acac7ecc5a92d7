package dev.save4j.pytorch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/**
 * Calls on DJL arrays that compile, run, and now and then give a wrong gradient.
 *
 * <p>An overload with a {@link Number} wraps it in a Java buffer and drops the buffer when it returns, while autograd
 * keeps the pointer: after a garbage collection the backward pass reads freed memory. {@code toType} and
 * {@code duplicate} hide from autograd what they copy. What is needed of either lives in one reviewed class.
 */
class NativeMemoryRulesTest {
    /** The only classes that may call what is banned here. */
    private static final Set<String> REVIEWED = Set.of("dev.save4j.pytorch.Copies");

    /** Overloads of which autograd saves no operand, or which it does not differentiate. */
    private static final Set<String> SAFE_WITH_NUMBER =
            Set.of("add", "addi", "sub", "subi", "clip", "eq", "neq", "gt", "gte", "lt", "lte", "contentEquals");

    private static final Set<String> HIDDEN_FROM_AUTOGRAD = Set.of("toType", "duplicate");

    @Test
    void nothingHandsANumberToAutogradOrHidesACopyFromIt() {
        JavaClasses engine = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.save4j.pytorch");
        classes().should(callNothingUnsafe()).check(engine);
    }

    @Test
    void aNumberInAProductIsReported() {
        assertReported(NumberInAProduct.class, "mul(java.lang.Number)");
    }

    @Test
    void aNumberInAStaticFormIsReported() {
        assertReported(NumberInAStaticForm.class, "pow(ai.djl.ndarray.NDArray, java.lang.Number)");
    }

    @Test
    void aMethodReferenceIsReported() {
        assertReported(MethodReference.class, "div(java.lang.Number)");
    }

    @Test
    void aChangeOfTypeIsReported() {
        assertReported(ChangeOfType.class, "toType(");
    }

    @Test
    void aDuplicateIsReported() {
        assertReported(Duplicate.class, "duplicate()");
    }

    @Test
    void sumsAndProductsOfArraysAreAllowed() {
        classes().should(callNothingUnsafe()).check(new ClassFileImporter().importClasses(Allowed.class));
    }

    private static void assertReported(Class<?> offender, String call) {
        assertThatThrownBy(() ->
                        classes().should(callNothingUnsafe()).check(new ClassFileImporter().importClasses(offender)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(call);
    }

    private static ArchCondition<JavaClass> callNothingUnsafe() {
        return new ArchCondition<>("call nothing on DJL arrays that autograd does not survive") {
            @Override
            public void check(JavaClass source, ConditionEvents events) {
                if (REVIEWED.contains(source.getName())) {
                    return;
                }
                for (JavaCodeUnitAccess<?> access : source.getCodeUnitAccessesFromSelf()) {
                    fault(access.getTarget())
                            .ifPresent(fault -> events.add(
                                    SimpleConditionEvent.violated(access, access.getDescription() + ": " + fault)));
                }
            }
        };
    }

    private static Optional<String> fault(CodeUnitAccessTarget target) {
        if (!target.getOwner().isAssignableTo(NDArray.class)
                && !target.getOwner().isEquivalentTo(NDArrays.class)) {
            return Optional.empty();
        }
        if (HIDDEN_FROM_AUTOGRAD.contains(target.getName())) {
            return Optional.of("copies what autograd should follow");
        }
        boolean number = target.getRawParameterTypes().stream().anyMatch(type -> type.isEquivalentTo(Number.class));
        return number && !SAFE_WITH_NUMBER.contains(target.getName())
                ? Optional.of("autograd would keep a pointer to a buffer that is already free; pass an NDArray")
                : Optional.empty();
    }

    static final class NumberInAProduct {
        NDArray twice(NDArray array) {
            return array.mul(2);
        }
    }

    static final class NumberInAStaticForm {
        NDArray square(NDArray array) {
            return NDArrays.pow(array, 2);
        }
    }

    static final class MethodReference {
        BiFunction<NDArray, Number, NDArray> quotient() {
            return NDArray::div;
        }
    }

    static final class ChangeOfType {
        NDArray integers(NDArray array) {
            return array.toType(DataType.INT64, false);
        }
    }

    static final class Duplicate {
        NDArray copy(NDArray array) {
            return array.duplicate();
        }
    }

    static final class Allowed {
        NDArray affine(NDArray array, NDArray scale) {
            return array.mul(scale).add(1).clip(0, 1);
        }
    }
}

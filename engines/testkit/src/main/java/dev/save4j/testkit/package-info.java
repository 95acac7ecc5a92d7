/**
 * Abstract test classes that state what every engine must do.
 * An engine passes the suite by extending them in its own tests and naming its factory.
 */
@NullMarked
package dev.save4j.testkit;

import org.jspecify.annotations.NullMarked;

package dev.save4j.wiring;

import com.google.inject.AbstractModule;
import com.google.inject.CreationException;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Key;
import com.google.inject.ProvisionException;
import com.google.inject.Stage;
import com.google.inject.matcher.Matchers;
import com.google.inject.spi.ProvisionListener;
import dev.save4j.Closer;
import dev.save4j.SaveException;
import dev.save4j.loop.LoopModels;
import dev.save4j.loop.SaveLoop;

/** The injector of one mode. Closing it closes what it made, newest first. */
final class ModeInjector implements AutoCloseable {
    private final Closer closer = new Closer();
    private final Injector injector;

    ModeInjector(ModeModule module) {
        try {
            injector = Guice.createInjector(Stage.DEVELOPMENT, module, new ClosingModule());
        } catch (CreationException defect) {
            throw SaveException.internal("the parts of the run do not fit together: " + defect.getMessage(), defect);
        }
    }

    private final class ClosingModule extends AbstractModule {
        @Override
        protected void configure() {
            bindListener(Matchers.any(), new ProvisionListener() {
                @Override
                public <T> void onProvision(ProvisionInvocation<T> invocation) {
                    if (invocation.provision() instanceof AutoCloseable closeable) {
                        closer.own(closeable);
                    }
                }
            });
        }
    }

    SaveLoop loop() {
        return instance(Key.get(SaveLoop.class));
    }

    LoopModels models() {
        return instance(Key.get(LoopModels.class, Policy.class));
    }

    /** What a provider threw is what the user is told. */
    private <T> T instance(Key<T> key) {
        try {
            return injector.getInstance(key);
        } catch (ProvisionException failed) {
            throw failed.getCause() instanceof SaveException cause ? cause : failed;
        }
    }

    @Override
    public void close() {
        closer.close();
    }
}

package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** How much of its time the calling thread spends in Java rather than in native code, by Flight Recorder's samples. */
final class JavaShare {
    private static final String IN_JAVA = "jdk.ExecutionSample";
    private static final String IN_NATIVE = "jdk.NativeMethodSample";
    private static final Duration PERIOD = Duration.ofMillis(10);

    private JavaShare() {}

    /** From 0 to 1, of work that is repeated for some seconds. */
    static double of(Runnable work, double seconds) {
        try (Recording recording = new Recording()) {
            recording.enable(IN_JAVA).withPeriod(PERIOD);
            recording.enable(IN_NATIVE).withPeriod(PERIOD);
            recording.start();
            long began = System.nanoTime();
            while ((System.nanoTime() - began) / 1e9 < seconds) {
                work.run();
            }
            recording.stop();
            Path file = Files.createTempFile("save4j-samples", ".jfr");
            try {
                recording.dump(file);
                return share(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw SaveException.resources("cannot write the samples of Flight Recorder: " + failed, failed);
        }
    }

    private static double share(Path file) throws IOException {
        String thread = Thread.currentThread().getName();
        int inJava = 0;
        int inNative = 0;
        for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
            boolean java = event.getEventType().getName().equals(IN_JAVA);
            if ((java || event.getEventType().getName().equals(IN_NATIVE))
                    && event.getThread("sampledThread") != null
                    && thread.equals(event.getThread("sampledThread").getJavaName())) {
                inJava += java ? 1 : 0;
                inNative += java ? 0 : 1;
            }
        }
        return inJava + inNative == 0 ? Double.NaN : (double) inJava / (inJava + inNative);
    }
}

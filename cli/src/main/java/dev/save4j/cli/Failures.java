package dev.save4j.cli;

import dev.save4j.SaveException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Turns failures into messages and exit codes: 2 for what the user can mend, 3 for engines and resources, 1 for defects of save4j. */
final class Failures implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult result) {
        PrintWriter err = command.getErr();
        if (failure instanceof SaveException known && known.kind() != SaveException.Kind.INTERNAL) {
            err.println("save4j: " + known.getMessage());
            return known.kind().exitCode();
        }
        err.println("save4j: this is a defect of save4j, please report it with what follows: " + failure.getMessage());
        failure.printStackTrace(err);
        return SaveException.Kind.INTERNAL.exitCode();
    }

    @Override
    public int handleParseException(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("save4j: " + failure.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return SaveException.Kind.USER.exitCode();
    }
}

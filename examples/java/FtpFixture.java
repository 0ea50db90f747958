import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** An FTP server for tests: {@code denoftpd fixture}, or the executable that DENOFTPD names. */
public final class FtpFixture implements AutoCloseable {
    private final Process process;
    /** What it prints when it is ready, as JSON. */
    public final String ready;

    public FtpFixture(String... flags) throws IOException {
        String program = System.getenv().getOrDefault("DENOFTPD", "denoftpd");
        List<String> command = new ArrayList<>(List.of(program, "fixture", "--control", "--exit-on-stdin-close"));
        command.addAll(List.of(flags));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ready = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (ready == null) throw new IOException("denoftpd has ended");
    }

    /** A field of the ready line that is text or a number; a JSON library will do as well. */
    public String field(String name) {
        var found = Pattern.compile("\"" + name + "\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\d+))").matcher(ready);
        if (!found.find()) throw new IllegalArgumentException(name);
        return found.group(1) == null ? found.group(2) : found.group(1).replace("\\n", "\n");
    }

    /** Asks the control interface, as docs/fixture.md describes it. */
    public String ask(String method, String path, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(field("control") + path)).version(HttpClient.Version.HTTP_1_1)
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 400) throw new IOException(answer.body());
        return answer.body();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit().join();
    }
}

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import org.junit.jupiter.api.Test;

/** A test with JUnit 5 and nothing but the class library. */
class LoginTest {
    @Test
    void logsIn() throws Exception {
        try (var server = new FtpFixture("--user", "test:secret");
             var socket = new Socket(server.field("host"), Integer.parseInt(server.field("port")))) {
            var input = new BufferedReader(new InputStreamReader(socket.getInputStream()));
            input.readLine();
            for (String line : new String[] {"USER test", "PASS secret", "MKD new"}) {
                socket.getOutputStream().write((line + "\r\n").getBytes());
                input.readLine();
            }
            server.ask("POST", "/expect", "{\"steps\": [\"USER test\", 230, \"MKD new\", 257]}");
            assertEquals("[\"/new/\"]", server.ask("GET", "/files/", ""));
        }
    }
}

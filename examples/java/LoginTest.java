import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;

/** A test over TLS with the authority of the fixture, with JUnit 5 and nothing but the class library. */
class LoginTest {
    @Test
    void logsIn() throws Exception {
        try (var server = new FtpFixture("--user", "test:secret", "--tls");
             var plain = new Socket(server.field("host"), Integer.parseInt(server.field("port")))) {
            say(plain, "", "220 ");
            say(plain, "AUTH TLS\r\n", "234 ");
            var factory = trusting(server.field("ca")).getSocketFactory();
            try (var socket = factory.createSocket(plain, "localhost", plain.getPort(), true)) {
                say(socket, "USER test\r\n", "331 ");
                say(socket, "PASS secret\r\n", "230 ");
                say(socket, "MKD new\r\n", "257 ");
            }
            server.ask("POST", "/expect", "{\"steps\": [\"AUTH TLS\", \"USER test\", 230, \"MKD new\", 257]}");
            assertEquals("[\"/new/\"]", server.ask("GET", "/files/", ""));
        }
    }

    private static void say(Socket socket, String text, String code) throws IOException {
        socket.getOutputStream().write(text.getBytes());
        var line = new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
        assertTrue(line.startsWith(code), line);
    }

    private static SSLContext trusting(String pem) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        var certificates = CertificateFactory.getInstance("X.509");
        var certificate = certificates.generateCertificate(new ByteArrayInputStream(pem.getBytes()));
        store.setCertificateEntry("fixture", certificate);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}

package ftptest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/textproto"
	"testing"
)

// A test of a client that logs in over TLS, with nothing but Go's own packages:  go test
func TestLogin(t *testing.T) {
	server := StartFixture(t, "--user", "test:secret", "--tls")
	socket, err := net.Dial("tcp", fmt.Sprintf("%s:%d", server.Host, server.Port))
	check(t, err)
	defer socket.Close()
	say(t, textproto.NewConn(socket), "", 220)
	say(t, textproto.NewConn(socket), "AUTH TLS", 234)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(server.CA))
	secure := textproto.NewConn(tls.Client(socket, &tls.Config{RootCAs: trusted, ServerName: "localhost"}))
	say(t, secure, "USER test", 331)
	say(t, secure, "PASS secret", 230)
	say(t, secure, "MKD new", 257)
	server.Ask("POST", "/expect", `{"steps": ["AUTH TLS", "USER test", 230, "MKD new", 257]}`)
	if list := server.Ask("GET", "/files/", ""); list != `["/new/"]` {
		t.Fatal(list)
	}
}

func say(t *testing.T, connection *textproto.Conn, line string, code int) {
	t.Helper()
	if line != "" {
		check(t, connection.PrintfLine("%s", line))
	}
	_, _, err := connection.ReadResponse(code)
	check(t, err)
}

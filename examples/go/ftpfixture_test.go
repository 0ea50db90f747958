package ftptest

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Fixture is an FTP server for tests: `denoftpd fixture`, or the executable that DENOFTPD names.
type Fixture struct {
	Host, CA, Control string
	Port              int
	t                 *testing.T
}

// StartFixture starts one with any flags of `denoftpd fixture`; it stops at the end of the test.
func StartFixture(t *testing.T, flags ...string) *Fixture {
	program := os.Getenv("DENOFTPD")
	if program == "" {
		program = "denoftpd"
	}
	command := exec.Command(program, append([]string{"fixture", "--control", "--exit-on-stdin-close"}, flags...)...)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	check(t, err)
	output, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() { input.Close(); command.Wait() })
	fixture := &Fixture{t: t}
	check(t, json.NewDecoder(bufio.NewReader(output)).Decode(fixture))
	return fixture
}

// Ask asks the control interface, as docs/fixture.md describes it.
func (f *Fixture) Ask(method, path, body string) string {
	request, err := http.NewRequest(method, f.Control+path, strings.NewReader(body))
	check(f.t, err)
	response, err := http.DefaultClient.Do(request)
	check(f.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if check(f.t, err); response.StatusCode >= 400 {
		f.t.Fatalf("%s %s: %s", method, path, answer)
	}
	return string(answer)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

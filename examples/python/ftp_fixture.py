"""An FTP server for tests, for unittest and for pytest: `denoftpd fixture`, or the executable that DENOFTPD names."""

import json
import os
import subprocess
import urllib.request


class Fixture:
    """Starts with any flags of `denoftpd fixture`; `ready` is what its ready line says."""

    def __init__(self, *flags):
        command = [os.environ.get("DENOFTPD", "denoftpd"), "fixture", "--control", "--exit-on-stdin-close", *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"denoftpd ended with {self.process.wait()}")
        self.ready = json.loads(line)

    def ask(self, method, path, body=None):
        """Asks the control interface, as docs/fixture.md describes it."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["control"] + path, data=data, method=method)
        # Without the proxy that the environment may name, as it is on this machine.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
            return response.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


try:
    import pytest
except ImportError:
    pass
else:
    # In conftest.py: from ftp_fixture import ftp_server
    @pytest.fixture(scope="session")
    def ftp_server():
        fixture = Fixture("--user", "test:secret", "--tls")
        yield fixture
        fixture.stop()

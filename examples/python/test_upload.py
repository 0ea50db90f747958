"""A test with unittest and ftplib: python3 -m unittest discover examples/python"""

import ftplib
import io
import json
import os
import subprocess
import unittest
import urllib.request


class Fixture:
    """An FTP server for tests: `denoftpd fixture`, or the executable that DENOFTPD names."""

    def __init__(self, *flags):
        command = [os.environ.get("DENOFTPD", "denoftpd"), "fixture", "--exit-on-stdin-close", *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["control"] + path, data=data, method=method)
        with urllib.request.urlopen(request) as response:
            return response.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class UploadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixture = Fixture("--user", "test:secret", "--control")
        cls.addClassCleanup(cls.fixture.stop)

    def connect(self):
        ready = self.fixture.ready
        ftp = ftplib.FTP()
        ftp.connect(ready["host"], ready["port"])
        self.addCleanup(ftp.close)
        # A private copy of the files for each test.
        ftp.login("test+" + self._testMethodName, "secret")
        return ftp

    def test_stores_a_file(self):
        self.connect().storbinary("STOR hello.txt", io.BytesIO(b"hello"))
        stored = self.fixture.ask("GET", "/files/hello.txt?label=test_stores_a_file")
        self.assertEqual(stored, b"hello")
        steps = ["/^STOR hello/", 150, 226]
        self.fixture.ask("POST", "/expect", {"user": "test+test_stores_a_file", "steps": steps})

    def test_raises_when_the_disk_is_full(self):
        rule = {"verb": "STOR", "user": "*full", "action": "diskFull", "after": 10}
        self.fixture.ask("POST", "/faults", rule)
        with self.assertRaisesRegex(ftplib.error_temp, "^452 "):
            self.connect().storbinary("STOR big.bin", io.BytesIO(bytes(1000)))


if __name__ == "__main__":
    unittest.main()

"""A test with unittest and ftplib: python3 -m unittest discover examples/python"""

import ftplib
import io
import ssl
import unittest

from ftp_fixture import Fixture


class UploadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixture = Fixture("--user", "test:secret", "--tls")
        cls.addClassCleanup(cls.fixture.stop)

    def connect(self):
        ready = self.fixture.ready
        ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=ready["caFile"]))
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

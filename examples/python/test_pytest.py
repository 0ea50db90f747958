"""A test with pytest and ftplib: pytest examples/python"""

import ftplib
import io
import ssl


def test_stores_a_file_with_pytest(ftp_server):
    ready = ftp_server.ready
    with ftplib.FTP_TLS(context=ssl.create_default_context(cafile=ready["caFile"])) as ftp:
        ftp.connect(ready["host"], ready["port"])
        ftp.login("test", "secret")
        ftp.prot_p()
        ftp.storbinary("STOR hello.txt", io.BytesIO(b"hello"))
    assert ftp_server.ask("GET", "/files/hello.txt") == b"hello"
    ftp_server.ask("POST", "/expect", {"steps": ["PROT P", "STOR hello.txt", 226]})

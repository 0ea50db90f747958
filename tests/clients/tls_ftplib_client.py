"""Does one job with the standard library's ftplib over TLS. The job is JSON in the first argument; the conversation goes to
standard output as ftplib's debugging prints it."""

import ftplib
import json
import socket
import ssl
import sys


class Client(ftplib.FTP_TLS):
    """Lets the job pick the command for a data connection, the kind of TLS, and what sessions are for."""

    mode = "PASV"
    reuse = False
    cut = False

    def connect_implicitly(self, host, port):
        """ftplib speaks TLS only after AUTH; here the first byte is TLS already."""
        self.host, self.port = host, port
        plain = socket.create_connection((host, port), self.timeout)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def makepasv(self):
        if self.mode == "EPSV":
            return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())
        return super().makepasv()

    def sendport(self, host, port):
        if self.mode == "EPRT":
            return self.sendeprt(host, port)
        return super().sendport(host, port)

    def ntransfercmd(self, cmd, rest=None):
        """The usual recipe for servers that want the control connection's session on data connections."""
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if self.reuse else None
        return self.context.wrap_socket(plain, server_hostname=self.host, session=session), size


class CutClient(Client):
    """Ends uploads without close_notify."""

    def storbinary(self, cmd, fp, blocksize=8192, callback=None, rest=None):
        self.voidcmd("TYPE I")
        connection = self.transfercmd(cmd, rest)
        connection.sendall(fp.read())
        connection.shutdown(socket.SHUT_WR)
        answer = self.voidresp()
        connection.close()
        return answer


def upload(ftp, job):
    with open(job["local"], "rb") as file:
        ftp.storbinary(f"STOR {job['remote']}", file)


def download(ftp, job):
    with open(job["local"], "wb") as file:
        ftp.retrbinary(f"RETR {job['remote']}", file.write)


def many(ftp, job):
    for index in range(job["count"]):
        upload(ftp, {**job, "remote": f"{index}.bin"})


def main():
    job = json.loads(sys.argv[1])
    context = ssl.create_default_context(cafile=job["trust"])
    if "version" in job:
        version = ssl.TLSVersion["TLSv" + job["version"].replace(".", "_")]
        context.minimum_version = context.maximum_version = version
    ftp = (CutClient if job.get("cut") else Client)(context=context, timeout=30)
    ftp.set_debuglevel(1)
    ftp.reuse = job["reuse"]
    if job["kind"] == "implicit":
        ftp.connect_implicitly(job["host"], job["port"])
    else:
        ftp.connect(job["host"], job["port"])
    ftp.login(job["user"], job["password"])
    ftp.prot_p()
    ftp.mode = job["mode"]
    ftp.set_pasv(ftp.mode in ("PASV", "EPSV"))
    {"upload": upload, "download": download, "many": many}[job["action"]](ftp, job)
    ftp.quit()


main()

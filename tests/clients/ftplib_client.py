"""Does one job with the standard library's ftplib. The job is JSON in the first argument; the conversation goes to
standard output as ftplib's debugging prints it, a listing to standard error, one name a line."""

import ftplib
import json
import os
import sys


class Client(ftplib.FTP):
    """ftplib picks the command for a data connection by address family; this lets the job pick it."""

    mode = "PASV"

    def makepasv(self):
        if self.mode == "EPSV":
            return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())
        return super().makepasv()

    def sendport(self, host, port):
        if self.mode == "EPRT":
            return self.sendeprt(host, port)
        return super().sendport(host, port)


def upload(ftp, job):
    verb = "APPE" if job["append"] else "STOR"
    offset = None
    with open(job["local"], "rb") as file:
        if job["resume"]:
            ftp.voidcmd("TYPE I")
            offset = ftp.size(job["remote"])
            file.seek(offset)
        if job["ascii"]:
            ftp.storlines(f"{verb} {job['remote']}", file)
        else:
            ftp.storbinary(f"{verb} {job['remote']}", file, rest=offset)


def download(ftp, job):
    if job["ascii"]:
        lines = []
        ftp.retrlines(f"RETR {job['remote']}", lines.append)
        with open(job["local"], "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        return
    offset = os.path.getsize(job["local"]) if job["resume"] else None
    with open(job["local"], "ab" if job["resume"] else "wb") as file:
        ftp.retrbinary(f"RETR {job['remote']}", file.write, rest=offset)


def change(ftp, job):
    verbs = {"mkdir": ftp.mkd, "rmdir": ftp.rmd, "delete": ftp.delete}
    if job["verb"] == "rename":
        ftp.rename(job["path"], job["to"])
    else:
        verbs[job["verb"]](job["path"])


def names(ftp, job):
    """Every way of listing has to tell the same names."""
    listed = sorted(name.removeprefix(job["directory"] + "/") for name in ftp.nlst(job["directory"]))
    facts = list(ftp.mlsd(job["directory"]))
    told = sorted(name for name, fact in facts if fact["type"] not in ("cdir", "pdir"))
    if listed != told:
        raise ValueError(f"NLST told {listed}, MLSD told {told}")
    ftp.cwd(job["directory"])
    lines = []
    ftp.dir(lines.append)
    if len(lines) != len(listed):
        raise ValueError(f"NLST told {listed}, LIST told {lines}")
    for name in listed:
        print(name, file=sys.stderr)


def main():
    job = json.loads(sys.argv[1])
    ftp = Client(timeout=30)
    ftp.set_debuglevel(1)
    ftp.connect(job["host"], job["port"])
    ftp.login(job["user"], job["password"])
    ftp.mode = job.get("mode", "PASV")
    ftp.set_pasv(ftp.mode in ("PASV", "EPSV"))
    {"upload": upload, "download": download, "change": change, "names": names}[job["action"]](ftp, job)
    ftp.quit()


main()

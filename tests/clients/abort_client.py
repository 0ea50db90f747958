"""Begins a transfer with the standard library's ftplib, aborts it, and prints the names in the directory to show that the session goes
on. Arguments: host, port, user, password, passive or active, and what to abort."""

import ftplib
import sys

host, port, user, password, mode, job = sys.argv[1:]
ftp = ftplib.FTP(timeout=30)
ftp.connect(host, int(port))
ftp.login(user, password)
ftp.set_pasv(mode == "passive")
ftp.voidcmd("TYPE I")
data = None
if job == "download":
    data = ftp.transfercmd("RETR endless")
    data.recv(1000)
elif job == "upload":
    data = ftp.transfercmd("STOR taken")
    data.sendall(b"x" * 1000)
elif job == "list":
    data = ftp.transfercmd("LIST")
reply = ftp.abort()
if data:
    data.close()
    # A short listing may be over before it can be aborted: 226 of itself, and then 226 of ABOR.
    assert reply[:3] == "426" or job == "list", reply
    assert ftp.getresp()[:3] == "226"
else:
    assert reply[:3] == "226", reply
for name in ftp.nlst():
    print(name)
ftp.quit()

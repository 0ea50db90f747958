"""Says lines to an FTP server, from addresses of its own; every reply is read, whatever it is."""

import json
import socket
import sys

job = json.load(sys.stdin)
for visit in job["visits"]:
    with socket.create_connection(("127.0.0.1", job["port"]), source_address=(visit["from"], 0)) as connection:
        replies = connection.makefile("rb")
        replies.readline()
        for line in visit["lines"]:
            connection.sendall(line.encode("utf-8", "surrogatepass") + b"\r\n")
            while True:
                reply = replies.readline()
                if not reply or reply[3:4] == b" ":
                    break

"""pyftpdlib as the benchmark runs it: one account, no logs, no limits, TLS on request."""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler as Handler
from pyftpdlib.servers import FTPServer

port, root, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
logging.disable(logging.CRITICAL)
if certificate:
    from pyftpdlib.handlers import TLS_FTPHandler as Handler

    Handler.certfile = certificate[0]
Handler.authorizer = DummyAuthorizer()
Handler.authorizer.add_user("bench", "bench", root, perm="elradfmwMT")
Handler.use_gmt_times = True
server = FTPServer(("127.0.0.1", port), Handler, backlog=1024)
server.max_cons = server.max_cons_per_ip = 0
server.serve_forever()

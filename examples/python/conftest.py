"""For pytest: one server for all tests of a run."""

from ftp_fixture import ftp_server  # noqa: F401

"""The servers of a laptop, of tests and of CI: real PostgreSQL and Redis on loopback, without an installation."""

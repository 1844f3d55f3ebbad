"""What can go wrong with the embedded default, each time with a sentence for the person at the terminal."""


class EmbeddedError(Exception):
    """Base: `str(error)` is a sentence to show."""


class NoAccount(EmbeddedError):
    """No account here can run PostgreSQL."""


class ClusterError(EmbeddedError):
    """PostgreSQL cannot be made or started."""


class RedisError(EmbeddedError):
    """Redis cannot be started."""


class StateError(EmbeddedError):
    """The state directory cannot be used."""


class SupervisorError(EmbeddedError):
    """The programs cannot go on."""

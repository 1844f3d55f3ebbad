"""Django's entry for what belongs to the whole product."""

from django.apps import AppConfig


class PaithoConfig(AppConfig):
    name = "paitho"

    def ready(self) -> None:
        """Register the checks of a deployment."""
        from paitho import checks

        del checks

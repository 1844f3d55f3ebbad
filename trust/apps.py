"""Django's entry for the `trust` app."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "trust"

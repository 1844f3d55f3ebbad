"""Django's entry for the `keychain` app."""

from django.apps import AppConfig


class KeychainConfig(AppConfig):
    name = "keychain"

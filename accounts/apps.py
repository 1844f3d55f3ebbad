"""Django's entry for the `accounts` app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Listen where allauth offers nothing but signals."""
        from allauth.mfa import signals

        from accounts import sign_in_log

        signals.authenticator_added.connect(sign_in_log.factor_added)
        signals.authenticator_removed.connect(sign_in_log.factor_removed)
        signals.authenticator_reset.connect(sign_in_log.factor_reset)
        signals.authentication_failed.connect(sign_in_log.factor_failed)

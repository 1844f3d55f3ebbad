"""Django's entry for the `mailbox` app."""

from django.apps import AppConfig


class MailboxConfig(AppConfig):
    name = "mailbox"

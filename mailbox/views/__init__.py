"""Pages of mailboxes and of the inbox."""

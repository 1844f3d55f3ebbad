"""The pure half of the keychain."""

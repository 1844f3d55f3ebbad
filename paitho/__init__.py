"""Project package: settings, URLs, processes."""

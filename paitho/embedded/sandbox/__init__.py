"""The sandbox mail server's parts; they import one another and nothing else of the project."""

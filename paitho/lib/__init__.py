"""What knows no app: typed environment reader, ids, text."""

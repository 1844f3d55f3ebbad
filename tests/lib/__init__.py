"""What knows no app."""

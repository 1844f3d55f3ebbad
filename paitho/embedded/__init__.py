"""The embedded default: every server the product needs, run from wheels under one state directory."""

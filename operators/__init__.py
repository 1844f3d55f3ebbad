"""The operators' console: who runs Paitho, what they may do, and the record of what they did."""

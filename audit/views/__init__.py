"""The pages of `audit`: the log, the workspace's data, and its end."""

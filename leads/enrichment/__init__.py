"""Asking others about a lead, with the workspace's own key, when its owner has opted in."""

"""Why we write: campaigns, pipeline, drafts, approvals."""

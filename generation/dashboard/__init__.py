"""Dashboard pages: overview, jobs, API keys, usage and webhooks."""

"""The dashboard's pages about generating: jobs, API keys, usage and webhooks."""

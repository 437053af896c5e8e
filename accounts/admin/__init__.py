"""The admin of accounts: users, organizations, API keys and the audit log."""

from accounts.admin import actions, api_keys, audit, organizations, users

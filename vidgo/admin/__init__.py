"""The operator's admin: Django's admin in our design, with pages and actions of its own.

It imports no app. The apps register `pages` about more than one row, `actions` that ask for a
reason, `sections` of an organization's page, and `cards` of the dashboard on the start page.
"""

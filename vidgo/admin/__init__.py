"""The operator's desk: Django's admin in our look, with pages and actions of its own.

It knows no app. The apps register here what they own: `pages` about more than one row, `actions`
that ask for a reason, `sections` on an organization's page, and `cards` of the start page.
"""

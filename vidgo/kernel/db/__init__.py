"""The database: transactions, connections, prepared SQL, the tenant context, ids and days."""
